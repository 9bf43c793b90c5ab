using System.Text.Json.Serialization;

namespace Mxd.Exploration;

/// <summary>How often and how much each of a layer's units is active (coefficient above zero) over a text. Every position counts.</summary>
/// <param name="Contexts">Contexts looked at.</param>
/// <param name="Tokens">Positions looked at.</param>
/// <param name="Counts">Tokens on which each unit is active, [units].</param>
/// <param name="Sums">Sum of each unit's coefficients over them, [units].</param>
/// <param name="Maxima">Each unit's largest coefficient; 0 where it is never active, [units].</param>
public sealed record UnitUsage(long Contexts, long Tokens, IReadOnlyList<long> Counts, IReadOnlyList<double> Sums, IReadOnlyList<float> Maxima)
{
    [JsonIgnore]
    public int Units => Counts.Count;

    /// <summary>Share of the tokens on which a unit is active.</summary>
    public double Frequency(int unit) => (double)Counts[unit] / Tokens;

    /// <summary>Mean coefficient over the tokens on which a unit is active; null where there are none.</summary>
    public double? Mean(int unit) => Counts[unit] == 0 ? null : Sums[unit] / Counts[unit];

    /// <summary>All units in a few numbers.</summary>
    public UsageSummary Summarise()
    {
        double all = Counts.Sum(), entropy = -Counts.Where(c => c > 0).Sum(c => c / all * Math.Log(c / all));
        long[] active = [.. Counts.Where(c => c > 0).Order()];
        return new UsageSummary(
            Contexts,
            Tokens,
            Units,
            Units - active.Length,
            all / Tokens,
            active.Length == 0 ? 0 : (double)active[active.Length / 2] / Tokens,
            active.Length == 0 ? 0 : (double)active[^1] / Tokens,
            entropy,
            active.Length == 0 ? 0 : Math.Exp(entropy),
            UsageHistogram.Of(Counts, Tokens));
    }
}

/// <summary>The usage of a layer's units, without naming any.</summary>
/// <param name="Contexts">Contexts looked at.</param>
/// <param name="Tokens">Positions looked at.</param>
/// <param name="Units">Units there are.</param>
/// <param name="Never">Units that are active on none of the tokens.</param>
/// <param name="L0">Mean number of active units a token.</param>
/// <param name="MedianFrequency">Share of the tokens, of the median of the units that are ever active.</param>
/// <param name="LargestFrequency">The largest such share.</param>
/// <param name="Entropy">-Σ s ln s in nats, s a unit's share of all activity (of the sum of counts).</param>
/// <param name="EffectiveUnits">exp(entropy): as many units, all used alike, would spread the work as evenly.</param>
/// <param name="Histogram">Units by the share of tokens they are active on.</param>
public sealed record UsageSummary(
    long Contexts, long Tokens, int Units, int Never, double L0, double MedianFrequency, double LargestFrequency, double Entropy, double EffectiveUnits, UsageHistogram Histogram);
