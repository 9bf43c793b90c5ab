using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>K chosen units a token: indices int64 [B,K] and coefficients [B,K]. A coefficient of zero is an inactive unit.</summary>
public sealed class TopKCodes(Tensor indices, Tensor values, long units) : SparseCodes
{
    public Tensor Indices { get; } = indices;

    public override Tensor Values { get; } = values;

    public override long Units { get; } = units;

    public override Tensor Gather(Tensor dense) => dense.gather(1, Indices);

    public override Tensor Scatter(Tensor chosen)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor none = zeros(chosen.shape[0], Units, dtype: chosen.dtype, device: chosen.device);
        return none.scatter_add(1, Indices, chosen).MoveToOuterDisposeScope();
    }

    public override Tensor ToDense() => Scatter(Values);

    public override SparseCodes With(Tensor values) => new TopKCodes(Indices, values, Units);

    public override void CountFirings(Tensor counts)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor fired = Indices.masked_select(Values > Zero);
        counts.index_add_(0, fired, ones_like(fired), One);
    }

    public override SparseCodes Add(long unit, double coefficient)
    {
        RequireUnit(unit);
        using DisposeScope scope = NewDisposeScope();
        // The unit moves to a column of its own, so that a token on which it was active already does not count it twice.
        Tensor present = Indices == Number(unit);
        Tensor amount = (Values * present).sum(1, keepdim: true).add_(Number(coefficient), One);
        Tensor column = full_like(Indices.narrow(1, 0, 1), Number(unit));
        return new TopKCodes(cat([Indices, column], 1), cat([Values.masked_fill(present, Zero), amount], 1), Units).MoveToOuterDisposeScope();
    }

    public override SparseCodes Without(long unit)
    {
        RequireUnit(unit);
        using DisposeScope scope = NewDisposeScope();
        return With(Values.masked_fill(Indices == Number(unit), Zero).MoveToOuterDisposeScope());
    }

    public override Tensor CoefficientOf(long unit)
    {
        RequireUnit(unit);
        using DisposeScope scope = NewDisposeScope();
        return (Values * (Indices == Number(unit))).sum(1).MoveToOuterDisposeScope();
    }

    internal override SparseCodes MoveToOuterDisposeScope()
    {
        Indices.MoveToOuterDisposeScope();
        Values.MoveToOuterDisposeScope();
        return this;
    }
}
