using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// A sparse replacement of an MLP: x [B,I] is encoded into a few active units, which are decoded into y [B,O].
/// Every type is a plain torch definition (<see cref="Encode"/>, <see cref="Decode"/>: they work under autograd on any device)
/// with its gradients written out by hand beside it (<see cref="Differentiate"/>), which is what training uses.
/// </summary>
public interface ILayer : IDisposable
{
    LayerOptions Options { get; }

    /// <summary>Weights in a fixed order; the reference's keys name them.</summary>
    IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>
    /// The matrix whose rows are the units' decoder vectors, [units,O]: C for a mixture, W_dec for a transcoder.
    /// Its rows are kept at unit norm where <see cref="LayerOptions.UnitNorm"/> asks for it.
    /// </summary>
    Parameter UnitDecoder { get; }

    /// <summary>The units that are active on each row of x [B,I], and how much.</summary>
    SparseCodes Encode(Tensor x);

    /// <summary>The output [B,O] for given codes; x [B,I] is the input they were made from (a mixture's experts act on it).</summary>
    Tensor Decode(SparseCodes codes, Tensor x);

    /// <summary>
    /// One forward and backward pass on x [B,I] and target [B,O]: writes every <see cref="Parameter.Gradient"/> and returns
    /// what the step observed (its tensors belong to the caller's dispose scope). Needs <see cref="Parameter.AllocateGradient"/> beforehand.
    /// </summary>
    TrainingPass Differentiate(Tensor x, Tensor target);
}

public static class LayerExtensions
{
    /// <summary>y [B,O] = Decode(Encode(x), x).</summary>
    public static Tensor Forward(this ILayer layer, Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        return layer.Decode(layer.Encode(x), x).MoveToOuterDisposeScope();
    }

    /// <summary>Number of trained values.</summary>
    public static long ParameterCount(this ILayer layer) => layer.Parameters.Sum(p => p.Value.numel());

    public static Parameter Parameter(this ILayer layer, string key) => layer.Parameters.Single(p => p.Key == key);
}
