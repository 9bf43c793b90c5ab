using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// A replacement of an MLP: x [B,I] is encoded into a few active units, which are decoded into y [B,O]. <see cref="Encode"/>,
/// <see cref="Decode"/> and <see cref="Losses"/> are definitions that read like the equations and work under autograd on any
/// device; outside autograd a type may compute them another way, and may write its gradients out by hand in <see cref="Differentiate"/>, which
/// is what training calls. Tests hold one against the other. A layer is used by one thread at a time.
/// </summary>
public interface ILayer : IDisposable
{
    LayerOptions Options { get; }

    /// <summary>Weights in a fixed order; the reference's keys name them.</summary>
    IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>
    /// The matrix whose rows are the units' decoder vectors, [units,O]: C for a mixture, W_dec for a transcoder; null where there are no
    /// units. Its rows are kept at unit norm where <see cref="LayerOptions.UnitNorm"/> asks for it.
    /// </summary>
    Parameter? UnitDecoder { get; }

    /// <summary>The units that are active on each row of x [B,I], and how much.</summary>
    SparseCodes Encode(Tensor x);

    /// <summary>The output [B,O] for given codes; x [B,I] is the input they were made from (a mixture's experts act on it).</summary>
    Tensor Decode(SparseCodes codes, Tensor x);

    /// <summary>What units add to the output at x [B,I], each by itself; null for types without units.</summary>
    UnitOutputs? OutputsOfUnits(Tensor x) => null;

    /// <summary>The forward pass of a training step with every term of its loss, under autograd.</summary>
    ReadablePass Losses(TrainingBatch batch)
    {
        SparseCodes codes = Encode(batch.Inputs);
        Tensor y = Decode(codes, batch.Inputs);
        return new ReadablePass(codes, y, new ReadableLoss(NormScaledMse.Of(y, batch.Targets)));
    }

    /// <summary>
    /// One forward and backward pass: writes every trained <see cref="Parameter.Gradient"/> and returns what the step observed (its tensors
    /// belong to the caller's dispose scope). Needs <see cref="Parameter.AllocateGradient"/> beforehand.
    /// </summary>
    TrainingPass Differentiate(TrainingBatch batch) => Autograd.Differentiate(this, batch);
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
    public static long ParameterCount(this ILayer layer) => layer.Parameters.Where(p => p.IsTrained).Sum(p => p.Value.numel());

    public static Parameter Parameter(this ILayer layer, string key) => layer.Parameters.Single(p => p.Key == key);

    /// <summary>Where the weights are.</summary>
    public static Device Device(this ILayer layer) => layer.Parameters[0].Value.device;
}
