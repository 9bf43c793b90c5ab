using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>A term that is linear in the input: x W_skipᵀ, with W_skip [O,I]; absent in most types.</summary>
internal sealed class SkipConnection(Parameter weights)
{
    public const string Key = "W_skip.weight";

    public Parameter Weights => weights;

    public Tensor Forward(Tensor x) => matmul(x, weights.Value.t());

    public void Backward(Tensor x, Tensor outputGradient)
    {
        using DisposeScope scope = NewDisposeScope();
        weights.SetGradient(matmul(outputGradient.t(), x));
    }

    public static ParameterSpec Spec(LayerOptions o) => new(Key, [o.OutputWidth, o.InputWidth], new Initial.Zeros()) { Role = ParameterRole.InputProduct };

    public static SkipConnection? Find(ParameterSet parameters) => parameters.Find(Key) is { } weights ? new SkipConnection(weights) : null;
}
