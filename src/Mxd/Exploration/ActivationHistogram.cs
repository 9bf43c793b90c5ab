namespace Mxd.Exploration;

/// <summary>Coefficients above zero counted by log₂. Bin i holds those in [2^(First + i Width), 2^(First + (i + 1) Width)); the first and the last take what lies beyond.</summary>
/// <param name="First">Lower end of the first bin, log₂.</param>
/// <param name="Width">Of a bin, in log₂.</param>
/// <param name="Counts">Tokens in each bin; empty bins at both ends are left out.</param>
public sealed record ActivationHistogram(double First, double Width, IReadOnlyList<int> Counts)
{
    private const int BinsAnOctave = 2, LeastOctave = -10, MostOctave = 10;

    /// <summary>Bins that are counted in.</summary>
    internal const int Bins = (MostOctave - LeastOctave) * BinsAnOctave;

    /// <summary>The bin of a coefficient above zero.</summary>
    internal static int BinOf(float value) => Math.Clamp((int)Math.Floor((Math.Log2(value) - LeastOctave) * BinsAnOctave), 0, Bins - 1);

    /// <summary>From the counts of all bins.</summary>
    internal static ActivationHistogram Of(ReadOnlySpan<int> counts)
    {
        int start = counts.IndexOfAnyExcept(0), end = counts.LastIndexOfAnyExcept(0) + 1;
        return start < 0 ? new ActivationHistogram(0, 1.0 / BinsAnOctave, []) : new ActivationHistogram(LeastOctave + (double)start / BinsAnOctave, 1.0 / BinsAnOctave, counts[start..end].ToArray());
    }
}
