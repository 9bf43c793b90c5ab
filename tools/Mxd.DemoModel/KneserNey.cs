namespace Mxd.DemoModel;

/// <summary>
/// An interpolated Kneser-Ney trigram (Chen and Goodman 1998, section 2.7), the yardstick a language model must beat:
/// <code>
/// p(w | u v) = max(c(u v w) - D₃, 0) / c(u v) + D₃ N(u v ·) / c(u v) · p(w | v)
/// p(w | v)   = max(N(· v w) - D₂, 0) / N(· v ·) + D₂ N₊(v ·) / N(· v ·) · p(w)
/// p(w)       = max(N(· w) - D₁, 0) / N(· ·) + D₁ N₊(·) / N(· ·) / V
/// </code>
/// c counts, N counts distinct neighbours, and D of each order is n₁ / (n₁ + 2 n₂), n₁ and n₂ being how many counts of that order are 1 and 2.
/// </summary>
internal sealed class KneserNey
{
    private readonly int vocabulary;
    private readonly Order[] orders;

    /// <param name="sequences">Each begins with a first token, which predicts and is not predicted.</param>
    /// <param name="vocabulary">V.</param>
    public KneserNey(IEnumerable<IReadOnlyList<int>> sequences, int vocabulary)
    {
        this.vocabulary = vocabulary;
        Dictionary<ulong, int> trigrams = [], bigrams = [], unigrams = [];
        // A context's second token has one before it only; its bigram is counted as it is.
        Dictionary<ulong, int> starts = [];
        foreach (IReadOnlyList<int> s in sequences)
            for (int i = 1; i < s.Count; i++)
                if (i == 1) Increase(starts, Key(0, s[0], s[1]));
                else Increase(trigrams, Key(s[i - 2], s[i - 1], s[i]));
        foreach ((ulong key, int count) in starts) Increase(bigrams, key, count);
        foreach (ulong key in trigrams.Keys) Increase(bigrams, key & 0xFFFF_FFFF);
        foreach (ulong key in bigrams.Keys) Increase(unigrams, key & 0xFFFF);
        orders = [new Order(unigrams), new Order(bigrams), new Order(trigrams)];
    }

    /// <summary>
    /// Mean of -log p over all tokens but the first of each context, in nats. Contexts are packed: cut one after another out of documents that end
    /// in a separator, a first token put before each. Where that first token stands before the middle of a document it is no neighbour of what
    /// follows, which is predicted from its own document's tokens alone.
    /// </summary>
    public double CrossEntropy(IEnumerable<int[]> contexts, int separator)
    {
        double sum = 0;
        long count = 0;
        int before = separator;
        foreach (int[] s in contexts)
        {
            // Where what belongs together begins.
            int begin = before == separator ? 0 : 1;
            for (int i = 1; i < s.Length; i++, count++)
                sum -= Math.Log(Probability(i - 2 >= begin ? s[i - 2] : null, i - 1 >= begin ? s[i - 1] : null, s[i]));
            before = s[^1];
        }
        return sum / count;
    }

    /// <summary>p(next | first second), of a lower order where fewer tokens before it are known.</summary>
    public double Probability(int? first, int? second, int next)
    {
        double p = orders[0].Interpolate(0, Key(0, 0, next), 1.0 / vocabulary);
        if (second is not { } v) return p;
        p = orders[1].Interpolate(Key(0, 0, v), Key(0, v, next), p);
        return first is { } u ? orders[2].Interpolate(Key(0, u, v), Key(u, v, next), p) : p;
    }

    private static ulong Key(int a, int b, int c) => ((ulong)a << 32) | ((ulong)b << 16) | (uint)c;

    private static void Increase(Dictionary<ulong, int> counts, ulong key, int by = 1) => counts[key] = counts.GetValueOrDefault(key) + by;

    /// <summary>Counts of one order, and what they sum to after each context.</summary>
    private sealed class Order
    {
        private readonly Dictionary<ulong, int> counts;
        private readonly Dictionary<ulong, (long Sum, int Kinds)> contexts = [];
        private readonly double discount;

        public Order(Dictionary<ulong, int> counts)
        {
            this.counts = counts;
            foreach ((ulong key, int count) in counts)
            {
                (long sum, int kinds) = contexts.GetValueOrDefault(key >> 16);
                contexts[key >> 16] = (sum + count, kinds + 1);
            }
            double ones = counts.Values.Count(c => c == 1), twos = counts.Values.Count(c => c == 2);
            // Without counts of 1 there is nothing to estimate it from.
            discount = ones > 0 ? ones / (ones + (2 * twos)) : 0.5;
        }

        public double Interpolate(ulong context, ulong key, double lower)
        {
            if (!contexts.TryGetValue(context, out (long Sum, int Kinds) all)) return lower;
            return (Math.Max(counts.GetValueOrDefault(key) - discount, 0) + (discount * all.Kinds * lower)) / all.Sum;
        }
    }
}
