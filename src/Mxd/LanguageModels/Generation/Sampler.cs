using Mxd.Runtime;

namespace Mxd.LanguageModels.Generation;

/// <summary>Draws the tokens of one sample.</summary>
/// <param name="options">How.</param>
/// <param name="sample">Its number, from 0, which with the seed decides all that is drawn.</param>
public sealed class Sampler(SamplingOptions options, int sample)
{
    private readonly Dictionary<int, int> counts = [];
    private SplitMix64 random = new((ulong)Seeds.Derive(options.Seed, "sample", sample));

    /// <summary>Takes a token into the sequence so far.</summary>
    public void Add(int token) => counts[token] = counts.GetValueOrDefault(token) + 1;

    /// <summary>The next token, from logits [vocabulary]. It is not taken into the sequence.</summary>
    /// <exception cref="InvalidOperationException">A logit is not a number.</exception>
    public int Next(ReadOnlySpan<float> logits)
    {
        double[] values = Adjusted(logits);
        if (options.Temperature == 0) return Best(values);
        int[] kept = Kept(values);
        double[] shares = Probabilities(kept, values);
        if (options.TopP < 1) shares = shares[..Nucleus(shares)];
        return kept[Draw(shares)];
    }

    private double[] Adjusted(ReadOnlySpan<float> logits)
    {
        double scale = options.Temperature == 0 ? 1 : options.Temperature;
        double[] values = new double[logits.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = logits[i] / scale;
            if (double.IsNaN(values[i]) || double.IsPositiveInfinity(values[i]))
                throw new InvalidOperationException($"The logit of token {i} is {logits[i]}, so no next token can be drawn: the layer in place, or its steering, drives the model out of its range.");
        }
        foreach ((int token, int count) in counts) values[token] -= options.FrequencyPenalty * count + options.PresencePenalty;
        return values;
    }

    private static int Best(double[] values) => Array.IndexOf(values, values.Max());

    /// <summary>The tokens to choose from, where their number or share is limited the most likely first, of equals the one of the lower id.</summary>
    private int[] Kept(double[] values)
    {
        int[] tokens = [.. Enumerable.Range(0, values.Length)];
        if (options.TopK is null && options.TopP >= 1) return tokens;
        Array.Sort(tokens, (a, b) => values[b].CompareTo(values[a]) is not 0 and var order ? order : a.CompareTo(b));
        return options.TopK < tokens.Length ? tokens[..options.TopK.Value] : tokens;
    }

    private static double[] Probabilities(int[] tokens, double[] values)
    {
        double largest = tokens.Max(token => values[token]);
        double[] shares = [.. tokens.Select(token => Math.Exp(values[token] - largest))];
        double sum = shares.Sum();
        return [.. shares.Select(share => share / sum)];
    }

    /// <summary>How many of the sorted probabilities it takes to reach the share.</summary>
    private int Nucleus(double[] shares)
    {
        double sum = 0;
        for (int i = 0; i < shares.Length; i++)
            if ((sum += shares[i]) >= options.TopP) return i + 1;
        return shares.Length;
    }

    private int Draw(double[] shares)
    {
        // 53 random bits: a number in [0, 1) of which every value is a double.
        double left = (random.Next() >> 11) * (1.0 / (1L << 53)) * shares.Sum();
        for (int i = 0; i < shares.Length; i++)
            if ((left -= shares[i]) < 0) return i;
        return Array.FindLastIndex(shares, share => share > 0);
    }
}
