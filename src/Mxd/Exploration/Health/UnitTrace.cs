using System.Runtime.InteropServices;
using Mxd.Activations;
using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Exploration.Health;

/// <summary>Which units are active (coefficient above zero) on each token of a text, and how much: all of it, 8 bytes an active unit and token.</summary>
public sealed class UnitTrace
{
    /// <summary>Tokens in a forward pass; at least one context.</summary>
    private const int BatchTokens = 1024;

    /// <summary>1.6 GB.</summary>
    private const int MostEntries = 200_000_000;

    private readonly List<int> units = [];
    private readonly List<float> values = [];
    private readonly List<int> ends = [];
    private readonly long[] counts;
    private readonly double[] sums;
    private readonly float[] maxima;
    private readonly long contexts;
    private readonly int length;

    private UnitTrace(int units, long contexts, int length)
    {
        (counts, sums, maxima, CountsWithin, this.contexts, this.length) = (new long[units], new double[units], new float[units], new long[units], contexts, length);
    }

    /// <summary>Tokens on which each unit is active, first tokens of contexts left out.</summary>
    internal long[] CountsWithin { get; }

    public int Units => counts.Length;

    public int Tokens => ends.Count;

    /// <summary>Every position counts.</summary>
    public UnitUsage Usage => new(contexts, Tokens, counts, sums, maxima);

    /// <summary>Reads the first contexts of a text; the language model runs as far as the layer's input.</summary>
    /// <param name="model">The language model.</param>
    /// <param name="replacement">A layer with units.</param>
    /// <param name="text">The text.</param>
    /// <param name="most">Contexts at most.</param>
    /// <param name="progress">Told the number of contexts done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static UnitTrace Measure(
        LanguageModel model, Replacement replacement, PackedContexts text, long most, IProgress<long>? progress = null, CancellationToken cancellation = default)
    {
        long count = Math.Min(most, text.Count);
        var trace = new UnitTrace((int)replacement.Layer.Options.Units, count, text.ContextLength);
        EncodedText.Read(model, [replacement], text, count, BatchTokens, withTargets: false, some => trace.Add(CodeEntries.Of(some.Codes), some.Count * text.ContextLength), progress, cancellation);
        return trace;
    }

    /// <summary>The units that are active on most tokens, first tokens of contexts left out, the most active first; of equal ones the lower number. Those never active are left out.</summary>
    public IReadOnlyList<int> MostActive(int count) =>
        [.. Enumerable.Range(0, Units).Where(unit => CountsWithin[unit] > 0).OrderByDescending(unit => CountsWithin[unit]).Take(count)];

    /// <summary>
    /// The coefficients of some units, first tokens of contexts left out, in ascending order: those are the same in all contexts and often much larger.
    /// </summary>
    public IReadOnlyList<float[]> CoefficientsWithin(IReadOnlyList<int> chosen)
    {
        List<float>[] found = [.. chosen.Select(_ => new List<float>())];
        Visit(chosen, (place, _, value) => found[place].Add(value));
        foreach (List<float> own in found) own.Sort();
        return [.. found.Select(own => own.ToArray())];
    }

    /// <summary>Where some units are active, first tokens of contexts left out: each unit's entries of each context, with positions within it as rows.</summary>
    internal IReadOnlyList<SortedDictionary<long, List<CodeEntry>>> EntriesWithin(IReadOnlyList<int> chosen)
    {
        SortedDictionary<long, List<CodeEntry>>[] found = [.. chosen.Select(_ => new SortedDictionary<long, List<CodeEntry>>())];
        Visit(chosen, (place, token, value) =>
        {
            if (!found[place].TryGetValue(token / length, out List<CodeEntry>? own)) found[place][token / length] = own = [];
            own.Add(new CodeEntry(token % length, chosen[place], value));
        });
        return found;
    }

    /// <summary>Is a token the first of its context?</summary>
    internal bool IsFirst(int token) => token % length == 0;

    /// <summary>The units that are active on a token.</summary>
    internal ReadOnlySpan<int> On(int token) => CollectionsMarshal.AsSpan(units)[(token == 0 ? 0 : ends[token - 1])..ends[token]];

    /// <summary>Tells of each activation of some units, in the order of tokens, first tokens of contexts left out: the unit's place, the token, the coefficient.</summary>
    private void Visit(IReadOnlyList<int> chosen, Action<int, int, float> visit)
    {
        var places = new int[Units];
        Array.Fill(places, -1);
        for (int i = 0; i < chosen.Count; i++) places[chosen[i]] = i;
        for (int token = 0; token < Tokens; token++)
        {
            if (IsFirst(token)) continue;
            for (int i = token == 0 ? 0 : ends[token - 1]; i < ends[token]; i++)
                if (places[units[i]] >= 0) visit(places[units[i]], token, values[i]);
        }
    }

    /// <summary>The next tokens' entries, by row.</summary>
    private void Add(List<CodeEntry> entries, int rows)
    {
        int entry = 0;
        for (int row = 0; row < rows; row++)
        {
            bool isFirst = IsFirst(ends.Count);
            for (; entry < entries.Count && entries[entry].Row == row; entry++)
            {
                CodeEntry one = entries[entry];
                if (one.Value <= 0) continue;
                units.Add(one.Unit);
                values.Add(one.Value);
                counts[one.Unit]++;
                if (!isFirst) CountsWithin[one.Unit]++;
                sums[one.Unit] += one.Value;
                maxima[one.Unit] = Math.Max(maxima[one.Unit], one.Value);
            }
            ends.Add(units.Count);
        }
        if (units.Count > MostEntries)
            throw new MxdInputException($"More than {MostEntries:n0} activations in {ends.Count:n0} tokens, which are held at once: give fewer --contexts.");
    }
}
