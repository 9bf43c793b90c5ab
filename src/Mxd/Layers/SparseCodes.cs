using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>Which units are active on each of B tokens and how much: what a layer computes between its two halves, and what steering edits.</summary>
public abstract class SparseCodes
{
    /// <summary>Number of units there are to choose from.</summary>
    public abstract long Units { get; }

    /// <summary>Coefficients of all units, [B,units], zeros written out.</summary>
    public abstract Tensor ToDense();

    /// <summary>Active units (coefficient above zero) of each token, int64 [B].</summary>
    public abstract Tensor ActiveCounts();

    /// <summary>Adds to <paramref name="counts"/> (int64 [units]) the number of tokens on which each unit is active.</summary>
    public abstract void CountFirings(Tensor counts);

    /// <summary>
    /// Adds <paramref name="coefficient"/> to a unit on every token, after selection: a unit already active is summed, and one more
    /// than K may be active.
    /// </summary>
    public abstract SparseCodes Add(long unit, double coefficient);
}
