namespace Mxd.Exploration.Health;

/// <summary>Two units that are active on the same tokens.</summary>
/// <param name="First">One.</param>
/// <param name="Second">The other, of a higher number.</param>
/// <param name="Tokens">Tokens on which both are.</param>
/// <param name="Cosine">n₁₂ / √(n₁ n₂): 1 where they are always active together.</param>
/// <param name="Lift">n₁₂ T / (n₁ n₂): how many times as often as if they had nothing to do with one another.</param>
public sealed record CoActiveUnits(int First, int Second, long Tokens, double Cosine, double Lift);

/// <summary>Pairs of units that are active together, among those active on most tokens: rarer ones meet too seldom to say anything. First tokens of contexts, on which the same units are active in all, do not count.</summary>
internal static class CoActivation
{
    /// <summary>Units looked at; the table of their pairs takes a megabyte.</summary>
    private const int Most = 512;

    /// <summary>Tokens on which a pair must be active together.</summary>
    private const long LeastTokens = 5;

    /// <summary>The pairs with the largest cosine.</summary>
    public static IReadOnlyList<CoActiveUnits> Of(UnitTrace trace, int count)
    {
        IReadOnlyList<int> chosen = trace.MostActive(Most);
        int[] place = new int[trace.Units];
        Array.Fill(place, -1);
        for (int i = 0; i < chosen.Count; i++) place[chosen[i]] = i;
        var together = new int[chosen.Count, chosen.Count];
        List<int> present = [];
        long tokens = 0;
        for (int token = 0; token < trace.Tokens; token++)
        {
            if (trace.IsFirst(token)) continue;
            tokens++;
            present.Clear();
            foreach (int unit in trace.On(token))
                if (place[unit] >= 0) present.Add(place[unit]);
            for (int i = 1; i < present.Count; i++)
                for (int j = 0; j < i; j++) together[Math.Max(present[i], present[j]), Math.Min(present[i], present[j])]++;
        }
        long[] counts = trace.CountsWithin;
        List<CoActiveUnits> pairs = [];
        for (int i = 1; i < chosen.Count; i++)
            for (int j = 0; j < i; j++)
            {
                if (together[i, j] < LeastTokens) continue;
                double product = (double)counts[chosen[i]] * counts[chosen[j]];
                pairs.Add(new CoActiveUnits(
                    Math.Min(chosen[i], chosen[j]), Math.Max(chosen[i], chosen[j]), together[i, j], together[i, j] / Math.Sqrt(product), together[i, j] * (double)tokens / product));
            }
        return [.. pairs.OrderByDescending(p => p.Cosine).ThenBy(p => p.First).ThenBy(p => p.Second).Take(count)];
    }
}
