using Mxd.Activations;
using Mxd.Exploration.Health;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Tokenizers;

namespace Mxd.Exploration.Naming;

/// <summary>A held-out excerpt by which a name is tested.</summary>
/// <param name="Text">Its text, without a sign of what is active in it.</param>
/// <param name="IsActive">Is the unit active in it?</param>
internal sealed record TestedExcerpt(string Text, bool IsActive);

/// <summary>What is known of a unit for its name: excerpts of the first half of the contexts for finding it, of the second for testing it.</summary>
/// <param name="Unit">The unit.</param>
/// <param name="Shown">Strong and weak excerpts, the strongest first.</param>
/// <param name="Tested">As many in which it is active as in which it is not, in random order.</param>
/// <param name="Problem">Why there are too few of either, a line; null where there are enough.</param>
internal sealed record UnitEvidence(int Unit, IReadOnlyList<UnitExcerpt> Shown, IReadOnlyList<TestedExcerpt> Tested, string? Problem = null)
{
    /// <summary>Contexts of each half in which a unit must be active.</summary>
    public const int LeastContexts = 5;

    /// <summary>Contexts, of those a unit is active in, from which excerpts are chosen.</summary>
    private const int Sample = 256;

    /// <summary>Draws of an excerpt without the unit, for each that is needed.</summary>
    private const int Draws = 200;

    /// <summary>Units whose activations are gathered in one pass over all of them.</summary>
    private const int AtOnce = 64;

    /// <summary>Of some units.</summary>
    /// <param name="trace">What is active where in the text.</param>
    /// <param name="text">The text.</param>
    /// <param name="contexts">Contexts of it that were read.</param>
    /// <param name="units">The units.</param>
    /// <param name="tokenizer">Of its tokens.</param>
    /// <param name="options">How many excerpts, and the seed.</param>
    public static IReadOnlyList<UnitEvidence> Of(UnitTrace trace, PackedContexts text, long contexts, IReadOnlyList<int> units, ITokenizer tokenizer, NameOptions options) =>
        [.. trace.EntriesWithin(units).Select((entries, i) => Of(units[i], entries, text, contexts, tokenizer, options))];

    /// <summary>Of as many units as <paramref name="count"/> says, or fewer where there are fewer: those that are active on most tokens, of those of which there is enough.</summary>
    /// <inheritdoc cref="Of(UnitTrace, PackedContexts, long, IReadOnlyList{int}, ITokenizer, NameOptions)"/>
    public static IReadOnlyList<UnitEvidence> OfMostActive(UnitTrace trace, PackedContexts text, long contexts, int count, ITokenizer tokenizer, NameOptions options)
    {
        List<UnitEvidence> found = [];
        foreach (int[] units in trace.MostActive(trace.Units).Chunk(Math.Max(count, AtOnce)))
        {
            found.AddRange(Of(trace, text, contexts, units, tokenizer, options).Where(e => e.Problem is null).Take(count - found.Count));
            if (found.Count == count) break;
        }
        return found;
    }

    private static UnitEvidence Of(int unit, SortedDictionary<long, List<CodeEntry>> entries, PackedContexts text, long contexts, ITokenizer tokenizer, NameOptions options)
    {
        long half = contexts / 2;
        var shown = new ExplorationOptions { Strongest = options.Shown / 2, Spread = options.Shown - options.Shown / 2, Sample = Sample };
        var tested = new ExplorationOptions { Strongest = 1, Sample = Sample };
        UnitTally first = new(shown), second = new(tested);
        foreach ((long context, List<CodeEntry> own) in entries) (context < half ? first : second).Add(context, own.ToArray(), text[context]);
        if (first.Contexts < LeastContexts || second.Contexts < LeastContexts)
            return new UnitEvidence(unit, [], [], $"it is active in {first.Contexts} contexts for naming and {second.Contexts} for scoring, and {LeastContexts} of each are needed: raise --contexts");
        IEnumerable<Sighting> strong = first.Strongest.Concat(Sightings.Evenly(first.Sample.Except(first.Strongest), first.Strongest[0].Value, shown.Spread));
        List<Sighting> active = Sightings.Evenly(second.Sample.Union(second.Strongest), second.Strongest[0].Value, options.Tested / 2);
        var random = new SplitMix64((ulong)Seeds.Derive(options.Seed, "name", unit));
        List<Sighting> inactive = Inactive(entries, text, half, contexts, active.Count, tested, ref random);
        if (inactive.Count < active.Count) return new UnitEvidence(unit, [], [], "it is active nearly everywhere: there are too few excerpts without it");
        TestedExcerpt[] test = [.. active.Select(s => Test(s, true)), .. inactive.Select(s => Test(s, false))];
        for (int i = test.Length - 1; i > 0; i--)
        {
            int j = (int)random.Below((ulong)i + 1);
            (test[i], test[j]) = (test[j], test[i]);
        }
        return new UnitEvidence(unit, [.. strong.Select(s => UnitExcerpt.Of(s, text, tokenizer, shown))], test);

        TestedExcerpt Test(Sighting sighting, bool isActive) => new(NamePrompts.Plain(UnitExcerpt.Of(sighting, text, tokenizer, tested)), isActive);
    }

    /// <summary>Random places of the second half, in a stretch of text of an excerpt's length on none of whose tokens the unit is active; no two overlap.</summary>
    internal static List<Sighting> Inactive(
        SortedDictionary<long, List<CodeEntry>> entries, PackedContexts text, long first, long end, int count, ExplorationOptions options, ref SplitMix64 random)
    {
        List<Sighting> found = [];
        for (int draw = 0; draw < Draws * count && found.Count < count; draw++)
        {
            long context = first + (long)random.Below((ulong)(end - first));
            int position = 1 + (int)random.Below((ulong)text.ContextLength - 1);
            bool isActive = entries.TryGetValue(context, out List<CodeEntry>? own) && own.Exists(e => e.Row >= position - options.Before && e.Row <= position + options.After);
            if (!isActive && !found.Exists(f => f.Context == context && Math.Abs(f.Peak - position) <= options.Before + options.After)) found.Add(new Sighting(context, position, 0, [], []));
        }
        return found;
    }
}
