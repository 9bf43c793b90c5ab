using System.Runtime.InteropServices;
using Mxd.Activations;
using Mxd.Layers;

namespace Mxd.Exploration;

/// <summary>Watches all units of a layer while a text goes by, context by context.</summary>
internal sealed class LayerTally(int units, ExplorationOptions options)
{
    private readonly long[] counts = new long[units];
    private readonly double[] sums = new double[units];
    private readonly float[] maxima = new float[units];
    private readonly UnitTally?[] tallies = new UnitTally?[units];
    private long contexts, tokens;

    public UnitUsage Usage => new(contexts, tokens, counts, sums, maxima);

    /// <summary>Null for a unit that has not been active yet, but on first tokens.</summary>
    public UnitTally? this[int unit] => tallies[unit];

    /// <summary>Adds the coefficients above zero of all tokens of contexts <paramref name="first"/> to first + count - 1.</summary>
    public void Add(PackedContexts text, long first, int count, IEnumerable<CodeEntry> entries)
    {
        int length = text.ContextLength;
        List<CodeEntry>[] byContext = [.. Enumerable.Range(0, count).Select(_ => new List<CodeEntry>())];
        foreach (CodeEntry active in entries)
        {
            Count(active);
            // The same first token stands before every context: what is active there says nothing about the text.
            if (active.Row % length > 0 && options.Watches(active.Unit)) byContext[active.Row / length].Add(active with { Row = active.Row % length });
        }
        for (int i = 0; i < count; i++) Add(first + i, byContext[i], text[first + i]);
        contexts += count;
        tokens += (long)count * length;
    }

    private void Count(CodeEntry active)
    {
        counts[active.Unit]++;
        sums[active.Unit] += active.Value;
        maxima[active.Unit] = Math.Max(maxima[active.Unit], active.Value);
    }

    private void Add(long context, List<CodeEntry> active, ReadOnlySpan<int> tokens)
    {
        active.Sort((a, b) => a.Unit != b.Unit ? a.Unit.CompareTo(b.Unit) : a.Row.CompareTo(b.Row));
        ReadOnlySpan<CodeEntry> sorted = CollectionsMarshal.AsSpan(active);
        for (int start = 0, end; start < sorted.Length; start = end)
        {
            int unit = sorted[start].Unit;
            for (end = start + 1; end < sorted.Length && sorted[end].Unit == unit;) end++;
            (tallies[unit] ??= new UnitTally(options)).Add(context, sorted[start..end], tokens);
        }
    }
}
