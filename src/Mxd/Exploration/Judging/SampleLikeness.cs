namespace Mxd.Exploration.Judging;

/// <summary>How alike samples are by their tokens alone.</summary>
/// <param name="Distinct">Samples that differ from all before them.</param>
/// <param name="Overlap">Mean over pairs of |A ∩ B| / |A ∪ B|, A and B the sets of their tokens.</param>
/// <param name="SelfBleu">Mean over samples of BLEU-4 against the others (Zhu et al., "Texygen", 2018), with counts of longer n-grams smoothed by one.</param>
public sealed record SampleLikeness(int Distinct, double Overlap, double SelfBleu)
{
    private const int LongestGram = 4;

    /// <param name="samples">Token ids of each sample.</param>
    public static SampleLikeness Of(IReadOnlyList<int[]> samples)
    {
        int distinct = samples.Select(s => string.Join(' ', s)).Distinct().Count();
        if (samples.Count < 2) return new SampleLikeness(distinct, double.NaN, double.NaN);
        HashSet<int>[] sets = [.. samples.Select(s => s.ToHashSet())];
        List<double> overlaps = [];
        for (int i = 1; i < sets.Length; i++)
            for (int j = 0; j < i; j++)
            {
                int both = sets[i].Count(sets[j].Contains), any = sets[i].Count + sets[j].Count - both;
                overlaps.Add(any == 0 ? 1 : (double)both / any);
            }
        return new SampleLikeness(distinct, overlaps.Average(), samples.Select((s, i) => Bleu(s, [.. samples.Where((_, j) => j != i)])).Average());
    }

    /// <summary>
    /// Geometric mean over n = 1..4 of clipped n-gram precision, times exp(1 - r/c) where the sample (c tokens) is shorter than the reference nearest in length (r).
    /// </summary>
    private static double Bleu(int[] sample, int[][] references)
    {
        if (sample.Length == 0) return 0;
        double logs = 0;
        for (int n = 1; n <= LongestGram; n++)
        {
            Dictionary<string, int> own = Grams(sample, n), most = [];
            foreach ((string gram, int count) in references.SelectMany(r => Grams(r, n))) most[gram] = Math.Max(most.GetValueOrDefault(gram), count);
            double matched = own.Sum(g => Math.Min(g.Value, most.GetValueOrDefault(g.Key))), all = own.Values.Sum(), smooth = n == 1 ? 0 : 1;
            if (matched + smooth == 0) return 0;
            logs += Math.Log((matched + smooth) / (all + smooth)) / LongestGram;
        }
        int nearest = references.Select(r => r.Length).OrderBy(length => Math.Abs(length - sample.Length)).ThenBy(length => length).First();
        return Math.Exp(logs) * (sample.Length >= nearest ? 1 : Math.Exp(1 - (double)nearest / sample.Length));
    }

    private static Dictionary<string, int> Grams(int[] tokens, int n)
    {
        Dictionary<string, int> counts = [];
        for (int i = 0; i + n <= tokens.Length; i++)
        {
            string gram = string.Join(' ', tokens[i..(i + n)]);
            counts[gram] = counts.GetValueOrDefault(gram) + 1;
        }
        return counts;
    }
}
