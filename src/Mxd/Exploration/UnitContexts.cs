using Mxd.Activations;
using Mxd.Tokenizers;

namespace Mxd.Exploration;

/// <summary>A piece of text around the token on which a unit is most active within one context.</summary>
/// <param name="Context">Number of the context in the text.</param>
/// <param name="Start">Position of the first token shown.</param>
/// <param name="Peak">Index, among those shown, of the token on which the unit is most active.</param>
/// <param name="Activation">The unit's coefficient there.</param>
/// <param name="Tokens">Text of each token; of a character in several tokens the last has all, the others are empty.</param>
/// <param name="Values">The unit's coefficient on each; 0 where it is not active.</param>
public sealed record UnitExcerpt(long Context, int Start, int Peak, double Activation, IReadOnlyList<string> Tokens, IReadOnlyList<float> Values)
{
    /// <summary>The text around a sighting.</summary>
    internal static UnitExcerpt Of(Sighting sighting, PackedContexts text, ITokenizer tokenizer, ExplorationOptions options)
    {
        ReadOnlySpan<int> tokens = text[sighting.Context];
        int start = Math.Max(0, sighting.Peak - options.Before), end = Math.Min(tokens.Length, sighting.Peak + options.After + 1);
        var values = new float[end - start];
        for (int i = 0; i < sighting.Positions.Length; i++) values[sighting.Positions[i] - start] = sighting.Values[i];
        return new UnitExcerpt(sighting.Context, start, sighting.Peak - start, sighting.Value, [.. TokenText.OfEach(tokenizer, tokens[..end]).Skip(start)], values);
    }
}

/// <summary>A token and its share of a unit's activity.</summary>
/// <param name="Id">The token's id.</param>
/// <param name="Text">Its text; bytes that are part of a character as <c>⟨E2 80⟩</c>.</param>
/// <param name="Share">Of the sum of the unit's coefficients, the part that falls on it, at least.</param>
public sealed record TokenShare(int Id, string Text, double Share);

/// <summary>Where a unit is active.</summary>
/// <param name="Unit">Its number.</param>
/// <param name="Count">Tokens on which it is active.</param>
/// <param name="Frequency">Their share of all tokens.</param>
/// <param name="Mean">Its mean coefficient on them.</param>
/// <param name="Maximum">Its largest coefficient.</param>
/// <param name="Contexts">Contexts in which it is active, apart from their first tokens.</param>
/// <param name="CommonTokens">The tokens it is most active on in sum, at most three.</param>
/// <param name="Strongest">The contexts it is most active in, each once, strongest first.</param>
/// <param name="Spread">Others of the contexts it is active in, from strong to weak, evenly over its range as far as there are such.</param>
/// <param name="Activations">How its coefficients are spread, apart from those on first tokens.</param>
public sealed record UnitContexts(
    int Unit,
    long Count,
    double Frequency,
    double? Mean,
    double Maximum,
    long Contexts,
    IReadOnlyList<TokenShare> CommonTokens,
    IReadOnlyList<UnitExcerpt> Strongest,
    IReadOnlyList<UnitExcerpt> Spread,
    ActivationHistogram Activations);
