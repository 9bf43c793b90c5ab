using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Mxd.Layers;

/// <summary>The second branch of a GLU variant: x Vᵀ + v, with V [n,I].</summary>
internal sealed class GluBranch(Parameter weights, Parameter bias)
{
    public Parameter Weights => weights;

    public Parameter Bias => bias;

    public Tensor Forward(Tensor x) => F.linear(x, weights.Value, bias.Value);

    /// <summary>The same for the outputs from <paramref name="start"/> on, [B,count].</summary>
    public Tensor Forward(Tensor x, long start, long count) =>
        F.linear(x, weights.Value.narrow(0, start, count), bias.Value.narrow(0, start, count));

    /// <param name="x">[B,I].</param>
    /// <param name="gradient">d loss / d output, [B,n].</param>
    public void Backward(Tensor x, Tensor gradient)
    {
        using DisposeScope scope = NewDisposeScope();
        weights.SetGradient(matmul(gradient.t(), x));
        bias.SetGradient(gradient.sum(dim: 0));
    }

    public static IEnumerable<ParameterSpec> Specs(long width, LayerOptions o, ParameterRole role) =>
    [
        new("W_glu.weight", [width, o.InputWidth], new Initial.Linear(o.InputWidth)) { Role = role },
        new("W_glu.bias", [width], new Initial.Zeros()),
    ];
}
