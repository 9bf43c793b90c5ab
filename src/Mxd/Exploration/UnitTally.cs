using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Exploration;

/// <summary>What is kept of one unit while a text goes by: of a size that does not depend on the text's.</summary>
internal sealed class UnitTally(ExplorationOptions options)
{
    private readonly int[] bins = new int[ActivationHistogram.Bins];
    private readonly Sightings strongest = new(options.Strongest, Sightings.ByStrength), sample = new(options.Sample, ByChance);

    /// <summary>Bytes that one takes at most: sightings with the coefficients around their peaks, and counters.</summary>
    public static long MostBytes(ExplorationOptions options)
    {
        const int OfObjects = 160;
        long window = 1 + options.Before + options.After, sightings = options.Strongest + options.Sample;
        return sightings * (OfObjects + window * (sizeof(int) + sizeof(float))) + CommonTokens.Counters * (sizeof(int) + sizeof(double)) + ActivationHistogram.Bins * sizeof(int) + OfObjects;
    }

    public CommonTokens Tokens { get; } = new();

    public IReadOnlyList<Sighting> Strongest => strongest.Kept;

    /// <summary>How the coefficients are spread.</summary>
    public ActivationHistogram Activations => ActivationHistogram.Of(bins);

    public IReadOnlyList<Sighting> Sample => sample.Kept;

    /// <summary>Contexts in which the unit is active, apart from their first tokens.</summary>
    public long Contexts { get; private set; }

    /// <summary>Tokens on which it is, apart from first ones.</summary>
    public long Firings { get; private set; }

    /// <summary>Adds the unit's coefficients in one context, by position, the first token's left out; at least one.</summary>
    public void Add(long context, ReadOnlySpan<CodeEntry> active, ReadOnlySpan<int> tokens)
    {
        int peak = 0;
        for (int i = 0; i < active.Length; i++)
        {
            Tokens.Add(tokens[active[i].Row], active[i].Value);
            bins[ActivationHistogram.BinOf(active[i].Value)]++;
            if (active[i].Value > active[peak].Value) peak = i;
        }
        Contexts++;
        Firings += active.Length;
        Sighting sighting = See(context, active, peak);
        strongest.Offer(sighting);
        sample.Offer(sighting);
    }

    private Sighting See(long context, ReadOnlySpan<CodeEntry> active, int peak)
    {
        int position = active[peak].Row;
        List<int> positions = [];
        List<float> values = [];
        foreach (CodeEntry unit in active)
            if (unit.Row >= position - options.Before && unit.Row <= position + options.After)
            {
                positions.Add(unit.Row);
                values.Add(unit.Value);
            }
        return new Sighting(context, position, active[peak].Value, [.. positions], [.. values]);
    }

    /// <summary>The contexts with the smallest of numbers that have nothing to do with what is in them are a random sample, whatever their order.</summary>
    private static int ByChance(Sighting a, Sighting b) => Chance(a).CompareTo(Chance(b));

    private static ulong Chance(Sighting sighting) => SplitMix64.Mix((ulong)sighting.Context);
}
