using Mxd.Runtime;

namespace Mxd.LanguageModels.Generation;

/// <summary>Draws the tokens of one sample.</summary>
/// <param name="options">How.</param>
/// <param name="sample">Its number, from 0, which with the seed decides all that is drawn.</param>
public sealed class Sampler(SamplingOptions options, int sample)
{
    private readonly Dictionary<int, int> counts = [];
    private SplitMix64 random = new((ulong)Seeds.Derive(options.Seed, "sample", sample));
    private double[] values = [];

    /// <summary>Takes a token into the sequence so far.</summary>
    public void Add(int token) => counts[token] = counts.GetValueOrDefault(token) + 1;

    /// <summary>The next token, from logits [vocabulary]. It is not taken into the sequence.</summary>
    /// <exception cref="InvalidOperationException">A logit is not a number, or all are -∞.</exception>
    public int Next(ReadOnlySpan<float> logits)
    {
        int best = Penalise(logits);
        if (options.Temperature == 0) return best;
        double largest = values[best];
        // At a tiny temperature a difference of zero must stay zero, and any other may become -∞.
        for (int i = 0; i < values.Length; i++) values[i] = values[i] == largest ? 1 : Math.Exp((values[i] - largest) / options.Temperature);
        Candidate[] candidates = options.TopK < values.Length ? MostLikely(options.TopK.Value) : [];
        if (options.TopP < 1) candidates = Nucleus(candidates.Length > 0 ? candidates : Likely());
        return candidates.Length > 0 ? Draw(candidates) : Draw();
    }

    /// <summary>A token and a number proportional to its probability.</summary>
    private readonly record struct Candidate(double Share, int Token) : IComparable<Candidate>
    {
        /// <summary>The most likely first, of equals the one of the lower id.</summary>
        public int CompareTo(Candidate other) => other.Share.CompareTo(Share) is not 0 and var order ? order : Token.CompareTo(other.Token);
    }

    /// <summary>Logits less penalties into <see cref="values"/>; returns the first of the largest.</summary>
    private int Penalise(ReadOnlySpan<float> logits)
    {
        if (values.Length != logits.Length) values = new double[logits.Length];
        for (int i = 0; i < logits.Length; i++)
        {
            if (float.IsNaN(logits[i]) || float.IsPositiveInfinity(logits[i]))
                throw new InvalidOperationException($"The logit of token {i} is {logits[i]}, so no next token can be drawn: the layer in place, or its steering, drives the model out of its range.");
            values[i] = logits[i];
        }
        foreach ((int token, int count) in counts)
            if (token < values.Length) values[token] -= options.FrequencyPenalty * count + options.PresencePenalty;
        int best = 0;
        for (int i = 1; i < values.Length; i++)
            if (values[i] > values[best]) best = i;
        return double.IsFinite(values[best])
            ? best
            : throw new InvalidOperationException("Every token's logit is -∞, so no next token can be drawn: the layer in place, or its steering, drives the model out of its range.");
    }

    /// <summary>The K most likely tokens, sorted; a heap of K costs a pass and no sort of the vocabulary.</summary>
    private Candidate[] MostLikely(int k)
    {
        var least = new PriorityQueue<Candidate, Candidate>(k, Comparer<Candidate>.Create((a, b) => b.CompareTo(a)));
        for (int token = 0; token < values.Length; token++)
        {
            var candidate = new Candidate(values[token], token);
            if (least.Count < k) least.Enqueue(candidate, candidate);
            else if (candidate.CompareTo(least.Peek()) < 0) least.DequeueEnqueue(candidate, candidate);
        }
        Candidate[] kept = [.. least.UnorderedItems.Select(item => item.Element)];
        Array.Sort(kept);
        return kept;
    }

    /// <summary>
    /// Tokens among which the nucleus is, sorted: all that are below (1 - p) / vocabulary have less than 1 - p together, so that the others reach p.
    /// </summary>
    private Candidate[] Likely()
    {
        double least = (1 - options.TopP) / values.Length * values.Sum();
        var kept = new List<Candidate>();
        for (int token = 0; token < values.Length; token++)
            if (values[token] >= least) kept.Add(new Candidate(values[token], token));
        kept.Sort();
        return [.. kept];
    }

    /// <summary>The fewest of the sorted candidates whose probabilities reach the share.</summary>
    private Candidate[] Nucleus(Candidate[] candidates)
    {
        // What Likely left out counts for the whole; of the K most likely, they are the whole.
        double whole = options.TopK < values.Length ? candidates.Sum(c => c.Share) : values.Sum(), sum = 0;
        for (int i = 0; i < candidates.Length; i++)
            if ((sum += candidates[i].Share) >= options.TopP * whole) return candidates[..(i + 1)];
        return candidates;
    }

    private int Draw(Candidate[] candidates)
    {
        double left = Uniform() * candidates.Sum(c => c.Share);
        foreach (Candidate candidate in candidates)
            if ((left -= candidate.Share) < 0) return candidate.Token;
        return candidates.Last(c => c.Share > 0).Token;
    }

    private int Draw()
    {
        double left = Uniform() * values.Sum();
        for (int i = 0; i < values.Length; i++)
            if ((left -= values[i]) < 0) return i;
        return Array.FindLastIndex(values, value => value > 0);
    }

    /// <summary>A number in [0, 1): 53 random bits, of which every value is a double.</summary>
    private double Uniform() => (random.Next() >> 11) * (1.0 / (1L << 53));
}
