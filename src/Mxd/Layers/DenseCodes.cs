using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>A coefficient for every unit, [B,units], where their number differs from token to token.</summary>
/// <param name="values">Coefficients; zero where a unit was not chosen.</param>
/// <param name="chosen">1 at chosen units and 0 at others, [B,units]; null where all are.</param>
public sealed class DenseCodes(Tensor values, Tensor? chosen = null) : SparseCodes
{
    public override Tensor Values { get; } = values;

    /// <summary>1 at chosen units and 0 at others, [B,units]; null where all are.</summary>
    public Tensor? Chosen { get; } = chosen;

    public override long Units => Values.shape[1];

    /// <summary>The codes of a layer that has no units.</summary>
    public static DenseCodes None(Tensor x) => new(zeros(x.shape[0], 0, dtype: x.dtype, device: x.device));

    public override Tensor Gather(Tensor dense) => dense.alias();

    public override Tensor Scatter(Tensor chosen) => Chosen is null ? chosen.alias() : chosen * Chosen;

    public override Tensor ToDense() => Values.alias();

    public override SparseCodes With(Tensor values) => new DenseCodes(values, Chosen);

    public override void CountFirings(Tensor counts)
    {
        using DisposeScope scope = NewDisposeScope();
        counts.add_((Values > Zero).sum(dim: 0), One);
    }

    public override SparseCodes Add(long unit, double coefficient)
    {
        RequireUnit(unit);
        using DisposeScope scope = NewDisposeScope();
        Tensor steered = Values.clone();
        steered.select(1, unit).add_(Number(coefficient), One);
        return new DenseCodes(steered.MoveToOuterDisposeScope());
    }

    public override SparseCodes Without(long unit)
    {
        RequireUnit(unit);
        using DisposeScope scope = NewDisposeScope();
        Tensor without = Values.clone();
        without.select(1, unit).zero_();
        return With(without.MoveToOuterDisposeScope());
    }

    public override Tensor CoefficientOf(long unit)
    {
        RequireUnit(unit);
        return Values.select(1, unit);
    }

    internal override SparseCodes MoveToOuterDisposeScope()
    {
        Values.MoveToOuterDisposeScope();
        Chosen?.MoveToOuterDisposeScope();
        return this;
    }
}
