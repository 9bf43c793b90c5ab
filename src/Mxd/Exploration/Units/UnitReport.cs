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

/// <summary>What a unit does, measured by removing it alone: its coefficient is set to zero wherever it is active, the rest of the layer left as it is.</summary>
/// <param name="Contexts">Contexts looked at, at most 16 of those it is active in: half the strongest, half spread over the range of its activation. First tokens do not count.</param>
/// <param name="Active">Tokens in them on which it is active.</param>
/// <param name="CrossEntropy">Change of cross-entropy, in nats, of the predictions made at these tokens; above zero where the unit helps; not a number where all are last ones, which predict nothing.</param>
/// <param name="Kl">KL(with ‖ without) of them.</param>
/// <param name="CrossEntropyOverall">Change over all predictions of these contexts.</param>
/// <param name="KlOverall">KL over them.</param>
/// <param name="Reconstruction">By how much the error of the layer's output on these tokens grows, as a share of the target's variance there about its mean over the contexts.</param>
/// <param name="Promotes">What its mean contribution there says of the next token, through the unembedding.</param>
public sealed record UnitEffect(
    int Contexts, long Active, double CrossEntropy, double Kl, double CrossEntropyOverall, double KlOverall, double Reconstruction, TokenScores Promotes);

/// <summary>Everything about one unit: what it looks for, where it is active, and what it does.</summary>
/// <param name="Run">The run's folder.</param>
/// <param name="Type">Kind of layer.</param>
/// <param name="Unit">The unit.</param>
/// <param name="LooksFor">Tokens whose embedding its encoder points at.</param>
/// <param name="Spectrum">Of an expert's map W_n; absent for units that add a vector.</param>
/// <param name="Nearest">Its neighbours in the layer.</param>
/// <param name="Other">Its best matches in another run, where one was named.</param>
/// <param name="Activity">Where it is active; absent where no text was at hand.</param>
/// <param name="Effect">What it does; absent where it is active on no token but first ones, or with the text.</param>
/// <param name="Text">Files of the text.</param>
public sealed record UnitReport(
    string Run,
    string Type,
    int Unit,
    TokenScores LooksFor,
    ExpertSpectrum? Spectrum,
    UnitNeighbours Nearest,
    UnitNeighbours? Other,
    UnitContexts? Activity,
    UnitEffect? Effect,
    IReadOnlyList<string>? Text);
