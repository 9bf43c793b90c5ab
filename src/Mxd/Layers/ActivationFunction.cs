using Mxd.Runtime;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Mxd.Layers;

/// <summary>An element-wise nonlinearity with its derivative, both of the pre-activation.</summary>
public abstract class ActivationFunction
{
    private static readonly ActivationFunction[] known = [new Relu(), new Gelu(), new GeluTanh(), new Sigmoid(), new Silu()];

    /// <summary>The name options and files use.</summary>
    public abstract string Name { get; }

    public abstract Tensor Apply(Tensor u);

    /// <summary>d Apply(u) / du, element by element.</summary>
    public abstract Tensor Derivative(Tensor u);

    public static IReadOnlyList<string> Names => [.. known.Select(f => f.Name)];

    /// <exception cref="MxdInputException">The name is none of <see cref="Names"/>.</exception>
    public static ActivationFunction Parse(string name) =>
        Array.Find(known, f => f.Name == name)
        ?? throw new MxdInputException($"Activation '{name}' is not known; choose one of {string.Join(", ", Names)}.");

    private sealed class Relu : ActivationFunction
    {
        public override string Name => "relu";

        public override Tensor Apply(Tensor u) => F.relu(u);

        public override Tensor Derivative(Tensor u)
        {
            using Tensor positive = u > Zero;
            return positive.to(u.dtype);
        }
    }

    /// <summary>u Φ(u), Φ the normal distribution; its derivative is Φ(u) + u φ(u).</summary>
    private sealed class Gelu : ActivationFunction
    {
        public override string Name => "gelu";

        public override Tensor Apply(Tensor u) => F.gelu(u);

        public override Tensor Derivative(Tensor u)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor density = (u * u).mul_(Number(-0.5)).exp_().mul_(Number(1 / Math.Sqrt(2 * Math.PI)));
            Tensor cumulative = (u * Number(Math.Sqrt(0.5))).erf_().add_(One, One).mul_(Number(0.5));
            return cumulative.addcmul_(u, density, One).MoveToOuterDisposeScope();
        }
    }

    /// <summary>u (1 + tanh(q)) / 2 with q = √(2/π) (u + 0.044715 u³).</summary>
    private sealed class GeluTanh : ActivationFunction
    {
        private static readonly double scale = Math.Sqrt(2 / Math.PI);
        private const double Cubic = 0.044715;

        public override string Name => "gelu-tanh";

        public override Tensor Apply(Tensor u)
        {
            using DisposeScope scope = NewDisposeScope();
            return (u * Number(0.5) * Tanh(u).add(One, One)).MoveToOuterDisposeScope();
        }

        public override Tensor Derivative(Tensor u)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor tanh = Tanh(u);
            Tensor slope = (u * u).mul_(Number(3 * Cubic * scale)).add_(Number(scale), One);
            Tensor bend = (tanh * tanh).neg_().add_(One, One).mul_(slope).mul_(u);
            return bend.add_(tanh, One).add_(One, One).mul_(Number(0.5)).MoveToOuterDisposeScope();
        }

        private static Tensor Tanh(Tensor u) => tanh(u.add(u * u * u * Number(Cubic), One) * Number(scale));
    }

    private sealed class Sigmoid : ActivationFunction
    {
        public override string Name => "sigmoid";

        public override Tensor Apply(Tensor u) => sigmoid(u);

        public override Tensor Derivative(Tensor u)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor s = sigmoid(u);
            return (s * s.neg().add_(One, One)).MoveToOuterDisposeScope();
        }
    }

    private sealed class Silu : ActivationFunction
    {
        public override string Name => "silu";

        public override Tensor Apply(Tensor u) => F.silu(u);

        public override Tensor Derivative(Tensor u)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor s = sigmoid(u);
            return (s * (u * s.neg().add_(One, One)).add_(One, One)).MoveToOuterDisposeScope();
        }
    }
}
