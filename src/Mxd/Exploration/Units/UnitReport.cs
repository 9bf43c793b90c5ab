using Mxd.Exploration.Naming;
using Mxd.Layers;

namespace Mxd.Exploration.Units;

/// <summary>A token and how strongly a direction points at it.</summary>
/// <param name="Id">The token's id.</param>
/// <param name="Text">Its text; bytes that are part of a character as <c>⟨E2 80⟩</c>.</param>
/// <param name="Score">How strongly the direction points at it, less the mean over all tokens.</param>
public sealed record TokenScore(int Id, string Text, double Score);

/// <summary>The tokens a direction points at most, and those it points away from most.</summary>
public sealed record TokenScores(IReadOnlyList<TokenScore> Highest, IReadOnlyList<TokenScore> Lowest);

/// <summary>Another unit whose vector points nearly the same way.</summary>
public sealed record NearUnit(int Unit, double Cosine);

/// <summary>A unit's nearest neighbours.</summary>
/// <param name="Encoder">By what they look for.</param>
/// <param name="Decoder">By what they do.</param>
public sealed record UnitNeighbours(IReadOnlyList<NearUnit> Encoder, IReadOnlyList<NearUnit> Decoder);

/// <summary>An expert's linear map W_n, by its singular values.</summary>
/// <param name="Rank">Singular values above the numerical zero.</param>
/// <param name="NormalisedRank">Their share of the largest possible number.</param>
/// <param name="EffectiveRank">How many directions carry the map, exp of the entropy of σ / Σσ.</param>
/// <param name="SingularValues">Some of them, from the largest to the smallest, evenly spaced in rank.</param>
public sealed record UnitSpectrum(int Rank, double NormalisedRank, double EffectiveRank, IReadOnlyList<double> SingularValues)
{
    private const int Shown = 17;

    internal static UnitSpectrum Of(ExpertSpectrum all)
    {
        int last = all.SingularValues.Count - 1, shown = Math.Min(Shown, last + 1);
        return new UnitSpectrum(
            all.Rank, all.NormalisedRank, all.EffectiveRank, [.. Enumerable.Range(0, shown).Select(i => all.SingularValues[shown == 1 ? 0 : (int)Math.Round((double)i * last / (shown - 1))])]);
    }
}

/// <summary>What a unit adds to its layer's output, over all tokens on which it is active but first ones of contexts.</summary>
/// <param name="Tokens">These tokens.</param>
/// <param name="Reconstruction">By how much the squared error of the layer's output on them grows without it, as a share of the target's squared distance there from its mean over the text.</param>
/// <param name="Fvu">By how much the layer's FVU on the whole text grows without it.</param>
/// <param name="Norm">Length of what it adds on average.</param>
/// <param name="Promotes">What that says of the next token, through the unembedding.</param>
public sealed record UnitContribution(long Tokens, double Reconstruction, double Fvu, double Norm, TokenScores Promotes);

/// <summary>What a unit does to predictions, measured by removing it alone: its coefficient is set to zero wherever it is active, the rest of the layer left as it is.</summary>
/// <param name="Contexts">Contexts looked at, of those it is active in: half the strongest, half spread over the range of its activation. First tokens do not count.</param>
/// <param name="Active">Tokens in them on which it is active.</param>
/// <param name="CrossEntropy">Change of cross-entropy, in nats, of the predictions made at these tokens; above zero where the unit helps; not a number where all are last ones, which predict nothing.</param>
/// <param name="Kl">KL(with ‖ without) of them.</param>
/// <param name="CrossEntropyOverall">Change over all predictions of these contexts.</param>
/// <param name="KlOverall">KL over them.</param>
public sealed record UnitEffect(int Contexts, long Active, double CrossEntropy, double Kl, double CrossEntropyOverall, double KlOverall);

/// <summary>Everything about one unit: what it looks for, where it is active, and what it does.</summary>
/// <param name="Run">The run's folder.</param>
/// <param name="Type">Kind of layer.</param>
/// <param name="Unit">The unit.</param>
/// <param name="LooksFor">Tokens whose embedding its encoder points at.</param>
/// <param name="Spectrum">Of an expert's map W_n; absent for units that add a vector, and, of reports on many, for experts that are not active.</param>
/// <param name="Nearest">Its neighbours in the layer.</param>
/// <param name="Other">Its best matches in another run, where one was named.</param>
/// <param name="Activity">Where it is active; absent where no text was at hand.</param>
/// <param name="Contribution">What it adds; absent where it is active on no token but first ones, or without text.</param>
/// <param name="Effect">What that does to predictions; absent likewise, and where it was not measured.</param>
/// <param name="Name">What <c>mxd name</c> called it, with the name's score; absent where it has none.</param>
public sealed record UnitReport(
    string Run,
    string Type,
    int Unit,
    TokenScores LooksFor,
    UnitSpectrum? Spectrum,
    UnitNeighbours Nearest,
    UnitNeighbours? Other,
    UnitContexts? Activity,
    UnitContribution? Contribution,
    UnitEffect? Effect,
    NamedUnit? Name = null);
