using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.DemoModel;

/// <summary>
/// Muon (Jordan et al. 2024) for the matrices of blocks: momentum made orthogonal by five Newton-Schulz steps; Adam for embeddings, norms and
/// biases. On few tokens it learns in about half the steps of Adam alone.
/// </summary>
internal sealed class Optimizer : IDisposable
{
    private const double MatrixRate = 0.02, OtherRate = 2e-3, Momentum = 0.95, Beta1 = 0.9, Beta2 = 0.95, Epsilon = 1e-10;

    private readonly IReadOnlyDictionary<string, Tensor> parameters;

    public Optimizer(IReadOnlyDictionary<string, Tensor> parameters)
    {
        this.parameters = parameters;
        foreach ((string name, Tensor value) in parameters)
            foreach (string part in IsMatrix(name, value) ? ["momentum"] : new[] { "first", "second" })
                State.Add($"{name}.{part}", zeros_like(value, requires_grad: false).DetachFromDisposeScope());
    }

    /// <summary>What it remembers of gradients, by a parameter's name and the part's.</summary>
    public Dictionary<string, Tensor> State { get; } = [];

    /// <summary>Moves all parameters by their gradients, which are cleared.</summary>
    /// <param name="step">From 1.</param>
    /// <param name="scale">Of both learning rates.</param>
    public void Step(long step, double scale)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable off = no_grad();
        foreach ((string name, Tensor value) in parameters)
        {
            Tensor gradient = value.grad!;
            if (IsMatrix(name, value)) MuonStep(name, value, gradient, scale);
            else AdamStep(name, value, gradient, step, scale);
            gradient.zero_();
        }
    }

    public void Dispose()
    {
        foreach (Tensor value in State.Values) value.Dispose();
    }

    private static bool IsMatrix(string name, Tensor value) => value.dim() == 2 && name.StartsWith("h.", StringComparison.Ordinal);

    private void MuonStep(string name, Tensor value, Tensor gradient, double scale)
    {
        Tensor momentum = State[name + ".momentum"];
        momentum.mul_(Momentum).add_(gradient, 1 - Momentum);
        // Queries, keys and values are three matrices side by side.
        Tensor update = (gradient * (1 - Momentum)) + (momentum * Momentum);
        Tensor[] blocks = name.EndsWith("c_attn.weight", StringComparison.Ordinal) ? update.chunk(3, dim: 1) : [update];
        Tensor orthogonal = cat([.. blocks.Select(Orthogonal)], dim: 1);
        double shape = Math.Sqrt(Math.Max(1, (double)blocks[0].shape[1] / blocks[0].shape[0]));
        value.add_(orthogonal, -MatrixRate * scale * shape);
    }

    private void AdamStep(string name, Tensor value, Tensor gradient, long step, double scale)
    {
        Tensor first = State[name + ".first"], second = State[name + ".second"];
        first.mul_(Beta1).add_(gradient, 1 - Beta1);
        second.mul_(Beta2).addcmul_(gradient, gradient, 1 - Beta2);
        Tensor mean = first / (1 - Math.Pow(Beta1, step));
        Tensor size = (second / (1 - Math.Pow(Beta2, step))).sqrt_().add_(Epsilon);
        value.addcdiv_(mean, size, -OtherRate * scale);
    }

    /// <summary>U Vᵀ of x = U S Vᵀ, nearly.</summary>
    private static Tensor Orthogonal(Tensor x)
    {
        const double A = 3.4445, B = -4.7750, C = 2.0315;
        bool isTall = x.shape[0] > x.shape[1];
        if (isTall) x = x.t();
        x /= x.norm() + 1e-7;
        for (int i = 0; i < 5; i++)
        {
            Tensor square = x.matmul(x.t());
            x = (A * x) + ((B * square) + (C * square.matmul(square))).matmul(x);
        }
        return isTall ? x.t() : x;
    }
}
