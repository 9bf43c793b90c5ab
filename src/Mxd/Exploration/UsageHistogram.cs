namespace Mxd.Exploration;

/// <summary>Units counted by log₁₀ of the share of tokens on which they are active. Bin i holds shares in [First + i Width, First + (i + 1) Width).</summary>
/// <param name="First">Lower end of the first bin, log₁₀.</param>
/// <param name="Width">Of a bin, in log₁₀.</param>
/// <param name="Counts">Units in each bin; those never active are in none.</param>
public sealed record UsageHistogram(double First, double Width, IReadOnlyList<long> Counts)
{
    private const int BinsADecade = 4;

    /// <summary>From one token of all to every token.</summary>
    public static UsageHistogram Of(IReadOnlyList<long> counts, long tokens)
    {
        int first = (int)Math.Floor(-Math.Log10(tokens) * BinsADecade);
        long[] bins = new long[Math.Max(1, -first)];
        // A share of exactly one belongs to the last bin. The small term puts shares such as 0.1 on the right side of their edge.
        foreach (long count in counts)
            if (count > 0) bins[Math.Clamp((int)Math.Floor(Math.Log10((double)count / tokens) * BinsADecade + 1e-9) - first, 0, bins.Length - 1)]++;
        return new UsageHistogram((double)first / BinsADecade, 1.0 / BinsADecade, bins);
    }
}
