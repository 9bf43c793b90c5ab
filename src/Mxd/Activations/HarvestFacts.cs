using System.Text.Json.Serialization;
using Mxd.Formats;
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

    /// <summary>What is wrong with facts, and files that are said to hold them, as they were read from disk, a part of a line; null where nothing is.</summary>
    /// <param name="files">All of them; they are not looked at.</param>
    /// <param name="more">Checks what goes on from there.</param>
    internal string? Problem(IReadOnlyList<StoredFile> files, Func<string?> more)
    {
        try
        {
            return OwnProblem() ?? FilesProblem(files) ?? more();
        }
        catch (Exception e) when (e is OverflowException or MxdInputException)
        {
            return e is OverflowException ? "its numbers are too large to be counted" : OneLine.Of(e);
        }
    }

    private string? OwnProblem()
    {
        if (Dtype is not ("float32" or "bfloat16")) return $"its dtype is {Shown.Name(Dtype)} and not float32 or bfloat16";
        if (Points.Count == 0 || Points.Distinct().Count() < Points.Count) return "its hook points are none, or one stands there twice";
        if (Packing.Context < 2 || Model.Width < 1 || HarvestBatch < 1 || Contexts < 1 || HeldOutContexts < 1) return "a count in it is too small";
        foreach (HookPoint point in ReadPoints())
            if (point.Layer >= Model.Layers) return $"hook point {point} is in none of the model's {Model.Layers} layers";
        _ = checked(Contexts * Packing.Context);
        return null;
    }

    private string? FilesProblem(IReadOnlyList<StoredFile> files)
    {
        foreach (StoredFile? file in files)
            if ((file is null ? "a file in it is null" : file.Problem(ContextBytes)) is { } problem) return problem;
        return files.Select(f => f.File).Distinct().Count() < files.Count ? "a file stands there twice" : null;
    }
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
