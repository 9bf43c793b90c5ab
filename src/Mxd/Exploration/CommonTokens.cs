namespace Mxd.Exploration;

/// <summary>
/// The tokens that carry most of a unit's activation, in memory of a few counters: the summary of Misra and Gries ("Finding repeated elements",
/// 1982) with weights. A counter never exceeds the token's true sum, and is short of it by less than the total over <see cref="Counters"/> + 1.
/// </summary>
internal sealed class CommonTokens
{
    public const int Counters = 16;

    private readonly int[] tokens = new int[Counters];
    private readonly double[] weights = new double[Counters];
    private double total;

    public void Add(int token, double weight)
    {
        total += weight;
        for (int i = 0; i < Counters; i++)
            if (weights[i] > 0 && tokens[i] == token)
            {
                weights[i] += weight;
                return;
            }
        double least = Math.Min(weight, weights.Min());
        if (least > 0)
            for (int i = 0; i < Counters; i++) weights[i] -= least;
        if (weight <= least) return;
        int free = Array.FindIndex(weights, w => w <= 0);
        (tokens[free], weights[free]) = (token, weight - least);
    }

    /// <summary>Tokens with their share of the sum of all weights, at least; the largest first, then by id.</summary>
    public IReadOnlyList<(int Token, double Share)> Largest(int count) =>
        [.. tokens.Zip(weights).Where(p => p.Second > 0).OrderByDescending(p => p.Second).ThenBy(p => p.First).Take(count).Select(p => (p.First, p.Second / total))];
}
