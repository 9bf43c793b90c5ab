using Mxd.Activations;
using Mxd.Tokenizers;

namespace Mxd.Exploration;

/// <summary>What a layer's units are active on in a text: their usage, and for each the contexts that show it best.</summary>
public sealed class UnitSurvey
{
    /// <summary>Tokens named of each unit.</summary>
    private const int Named = 3;

    private readonly LayerTally tally;
    private readonly PackedContexts text;
    private readonly ITokenizer tokenizer;
    private readonly ExplorationOptions options;

    internal UnitSurvey(LayerTally tally, ContributionTally? contributions, PackedContexts text, ITokenizer tokenizer, ExplorationOptions options)
    {
        (this.tally, this.text, this.tokenizer, this.options) = (tally, text, tokenizer, options);
        (Usage, Contributions) = (tally.Usage, contributions);
    }

    /// <summary>What units add to the output; null where that was not measured.</summary>
    internal ContributionTally? Contributions { get; }

    public UnitUsage Usage { get; }

    /// <summary>Where a unit is active. The first token of a context, the same in all, is passed over.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such unit.</exception>
    public UnitContexts ContextsOf(int unit)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(unit);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(unit, Usage.Units);
        UnitTally? seen = tally[unit];
        return new UnitContexts(
            unit,
            Usage.Counts[unit],
            Usage.Frequency(unit),
            Usage.Mean(unit),
            Usage.Maxima[unit],
            seen?.Contexts ?? 0,
            [.. (seen?.Tokens.Largest(Named) ?? []).Select(t => new TokenShare(t.Token, TokenText.Of(tokenizer, t.Token), t.Share))],
            [.. (seen?.Strongest ?? []).Select(Show)],
            [.. (seen is null ? [] : Spread(seen)).Select(Show)],
            seen?.Activations ?? ActivationHistogram.Of([]));
    }

    internal UnitTally? Tally(int unit) => tally[unit];

    /// <summary>
    /// Of a random sample of the contexts, without the strongest ones, those nearest to (i - ½)/n of the largest coefficient, i = n to 1.
    /// </summary>
    private List<Sighting> Spread(UnitTally seen)
    {
        List<Sighting> left = [.. seen.Sample.Except(seen.Strongest)];
        List<Sighting> chosen = [];
        for (int i = options.Spread; i > 0 && left.Count > 0; i--)
        {
            double target = (i - 0.5) / options.Spread * seen.Strongest[0].Value;
            Sighting nearest = left.OrderBy(s => Math.Abs(s.Value - target)).ThenBy(s => s.Context).First();
            chosen.Add(nearest);
            left.Remove(nearest);
        }
        chosen.Sort(Sightings.ByStrength);
        return chosen;
    }

    private UnitExcerpt Show(Sighting sighting)
    {
        ReadOnlySpan<int> tokens = text[sighting.Context];
        int start = Math.Max(0, sighting.Peak - options.Before), end = Math.Min(tokens.Length, sighting.Peak + options.After + 1);
        var values = new float[end - start];
        for (int i = 0; i < sighting.Positions.Length; i++) values[sighting.Positions[i] - start] = sighting.Values[i];
        return new UnitExcerpt(
            sighting.Context, start, sighting.Peak - start, sighting.Value, [.. TokenText.OfEach(tokenizer, tokens[..end]).Skip(start)], values);
    }
}
