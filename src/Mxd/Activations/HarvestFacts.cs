using System.Text.Json.Serialization;
using Mxd.LanguageModels;
using Mxd.Runtime;
using static TorchSharp.torch;

namespace Mxd.Activations;

/// <summary>What activations on disk are: of which model, at which hook points, on which text, in which order.</summary>
/// <param name="Model">The language model, with the hashes of its weights and tokenizer.</param>
/// <param name="ModelDtype">Precision it ran in.</param>
/// <param name="Dtype">Precision of the values on disk: float32 or bfloat16.</param>
/// <param name="Layers">Layers that were asked for.</param>
/// <param name="Points">Hook points; each is a tensor of that name in every file.</param>
/// <param name="Text">Where the tokens come from.</param>
/// <param name="Packing">How they became contexts.</param>
/// <param name="Seed">Of the order of the contexts (<see cref="ContextOrder"/>).</param>
/// <param name="HarvestBatch">Contexts the language model took at once.</param>
/// <param name="Contexts">Contexts to train on, in that order.</param>
/// <param name="HeldOutContexts">Contexts to measure on.</param>
public sealed record HarvestFacts(
    ModelIdentity Model,
    string ModelDtype,
    string Dtype,
    IReadOnlyList<int> Layers,
    IReadOnlyList<string> Points,
    HarvestedText Text,
    HarvestedPacking Packing,
    long Seed,
    int HarvestBatch,
    long Contexts,
    long HeldOutContexts)
{
    /// <summary>Tokens to train on.</summary>
    [JsonIgnore]
    public long Tokens => Contexts * Packing.Context;

    /// <summary>Bytes of one context, all points together.</summary>
    [JsonIgnore]
    public long ContextBytes => checked((long)Points.Count * Packing.Context * Model.Width * Dtypes.ByteCount(ScalarType));

    [JsonIgnore]
    internal ScalarType ScalarType => Dtypes.Parse(Dtype);

    /// <summary>The hook points.</summary>
    public IReadOnlyList<HookPoint> ReadPoints() => [.. Points.Select(HookPoint.Parse)];
}

/// <summary>The text of a harvest.</summary>
/// <param name="Files">As they were named; data sets of the hub with their commit.</param>
/// <param name="Field">The field of each JSON object, or the column, that holds the text.</param>
/// <param name="SkipBad">Were wrong rows passed over?</param>
/// <param name="BadRows">How many.</param>
/// <param name="Fingerprint">SHA-256 over the files (<see cref="Corpora.CorpusFingerprint"/>).</param>
/// <param name="Contexts">Contexts packed from them.</param>
/// <param name="Validation">Files of held-out text; none where documents of the text itself are held out.</param>
/// <param name="HeldOut">Share of the documents held out where there are none.</param>
/// <param name="ValidationContexts">Held-out contexts that were asked for; there may be fewer.</param>
/// <param name="ValidationFingerprint">SHA-256 over the files of held-out text, where there are some.</param>
public sealed record HarvestedText(
    IReadOnlyList<string> Files,
    string Field,
    bool SkipBad,
    long BadRows,
    string Fingerprint,
    long Contexts,
    IReadOnlyList<string> Validation,
    double HeldOut,
    int ValidationContexts,
    string? ValidationFingerprint = null);

/// <summary>How documents became contexts: see <see cref="Packing"/>.</summary>
/// <param name="Context">Tokens a context, the first token included.</param>
/// <param name="Separator">Token id after every document.</param>
/// <param name="FirstToken">Token id before every context.</param>
public sealed record HarvestedPacking(int Context, int Separator, int FirstToken);
