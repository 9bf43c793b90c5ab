using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>The K largest coefficients of each token: indices int64 [B,K] and values [B,K]. A value of zero is an inactive unit.</summary>
public sealed class TopKCodes(Tensor indices, Tensor values, long units) : SparseCodes
{
    public Tensor Indices { get; } = indices;

    public Tensor Values { get; } = values;

    public override long Units { get; } = units;

    public override Tensor ToDense()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor none = zeros(Values.shape[0], Units, dtype: Values.dtype, device: Values.device);
        return none.scatter_add(1, Indices, Values).MoveToOuterDisposeScope();
    }

    public override Tensor ActiveCounts()
    {
        using DisposeScope scope = NewDisposeScope();
        return (Values > 0).sum(1).MoveToOuterDisposeScope();
    }

    public override void CountFirings(Tensor counts)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor fired = Indices.masked_select(Values > 0);
        counts.index_add_(0, fired, ones_like(fired), 1);
    }

    public override SparseCodes Add(long unit, double coefficient)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(unit);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(unit, Units);
        using DisposeScope scope = NewDisposeScope();
        // The unit moves to a column of its own, so that a token on which it was active already does not count it twice.
        Tensor present = Indices == unit;
        Tensor amount = (Values * present).sum(1, keepdim: true).add_(coefficient);
        Tensor column = full_like(Indices.narrow(1, 0, 1), unit);
        return new TopKCodes(cat([Indices, column], 1), cat([Values.masked_fill(present, 0), amount], 1), Units).MoveToOuterDisposeScope();
    }

    /// <summary>Keeps both tensors beyond the current dispose scope.</summary>
    internal TopKCodes MoveToOuterDisposeScope()
    {
        Indices.MoveToOuterDisposeScope();
        Values.MoveToOuterDisposeScope();
        return this;
    }
}
