using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>Which units are active on each of B tokens and how much: what a layer computes between its two halves, and what steering edits.</summary>
public abstract class SparseCodes
{
    /// <summary>Number of units there are to choose from.</summary>
    public abstract long Units { get; }

    /// <summary>The chosen units' coefficients, in the codes' own shape.</summary>
    public abstract Tensor Values { get; }

    /// <summary>Of a value for every unit [B,units], those of the chosen ones, in the shape of <see cref="Values"/>.</summary>
    public abstract Tensor Gather(Tensor dense);

    /// <summary>The reverse of <see cref="Gather"/>: [B,units] with zeros at units not chosen.</summary>
    public abstract Tensor Scatter(Tensor chosen);

    /// <summary>The same units with other coefficients.</summary>
    public abstract SparseCodes With(Tensor values);

    /// <summary>
    /// Adds <paramref name="coefficient"/> to a unit on every token, after selection: a unit already active is summed, and one more
    /// than K may be active.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such unit.</exception>
    public abstract SparseCodes Add(long unit, double coefficient);

    /// <summary>The codes with one unit inactive on every token, the others as they are.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such unit.</exception>
    public abstract SparseCodes Without(long unit);

    /// <summary>A unit's coefficient on each token, [B].</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such unit.</exception>
    public abstract Tensor CoefficientOf(long unit);

    /// <summary>Adds to <paramref name="counts"/> (int64 [units]) the number of tokens on which each unit is active.</summary>
    public abstract void CountFirings(Tensor counts);

    /// <summary>Coefficients of all units, [B,units], zeros written out.</summary>
    public abstract Tensor ToDense();

    /// <summary>Active units (coefficient above zero) of each token, int64 [B].</summary>
    public Tensor ActiveCounts()
    {
        using DisposeScope scope = NewDisposeScope();
        return (Values > Zero).sum(1).MoveToOuterDisposeScope();
    }

    /// <summary>The codes outside autograd.</summary>
    internal SparseCodes Detach() => With(Values.detach());

    /// <summary>Keeps the tensors beyond the current dispose scope.</summary>
    internal abstract SparseCodes MoveToOuterDisposeScope();

    protected void RequireUnit(long unit)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(unit);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(unit, Units);
    }
}
