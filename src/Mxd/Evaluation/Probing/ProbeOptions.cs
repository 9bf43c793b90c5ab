using Mxd.Runtime;

namespace Mxd.Evaluation.Probing;

/// <summary>Options of <c>mxd probe</c>; the defaults are the published protocol's.</summary>
public sealed record ProbeOptions
{
    [Option("--run", "The run folders; all are probed in one pass over the texts.", IsPath = true)]
    public IReadOnlyList<string> Run { get; init; } = [];

    [Option("--data", "The labelled texts: .jsonl, .csv or .parquet files, also .gz and .zst; folders, patterns, or a data set of the hub.", IsPath = true, MayBeHubId = true)]
    public IReadOnlyList<string> Data { get; init; } = [];

    [Option("--text-field", "The field of each JSON object, or the column, that holds the text.")]
    public string TextField { get; init; } = "text";

    [Option("--label", "The field or column that holds the label.")]
    public string Label { get; init; } = "label";

    [Option("--skip-bad", "Pass over rows that are wrong or have no label, and count them.")]
    public bool SkipBad { get; init; }

    [Option("--candidates", "Units looked at for each class, those whose mean activation differs most.")]
    public int Candidates { get; init; } = 100;

    [Option("--pooling", "What becomes of a unit's activations on the tokens of a text: mean, max or last.")]
    public string Pooling { get; init; } = "mean";

    [Option("--context", "Tokens of a text that are read, with the first token that is put before it.")]
    public int Context { get; init; } = 128;

    [Option("--keep-end", "Cut texts that are too long at their beginning and not at their end, as the published runs did with code.")]
    public bool KeepEnd { get; init; }

    [Option("--least-tokens", "Texts of fewer tokens are passed over.")]
    public int LeastTokens { get; init; } = 5;

    [Option("--texts", "Texts at most, drawn at random by --seed.")]
    public int Texts { get; init; } = 10_000;

    [Option("--train", "Share of the texts that probes are fitted on; they are measured on the others.")]
    public double Train { get; init; } = 0.8;

    [Option("--seed", "Seed of the texts' order, and of untrained layers.")]
    public long Seed { get; init; }

    [Option("--sizes", "Numbers of units of the probes that take several.", IsList = true, ValueName = "numbers")]
    public IReadOnlyList<int> Sizes { get; init; } = [1, 2, 5, 20];

    [Option("--untrained", "Untrained layers, each of a run's shape, that are probed beside each run: what a layer's shape gives without training.")]
    public int Untrained { get; init; } = 1;

    [Option("--in-place", "Put the layers of all runs in place together while the texts are read, so that each is given what those before it make; they must be at different layers.")]
    public bool InPlace { get; init; }

    [Option("--out", "Folder for figures, as .png and .svg. It is made.", IsPath = true)]
    public string? Out { get; init; }

    [Option("--model", "The language model, if it is no longer where the run found it, or the layer was imported.", IsPath = true, MayBeHubId = true)]
    public string? Model { get; init; }

    [Option("--model-dtype", "Precision of the language model: float32 or bfloat16.")]
    public string ModelDtype { get; init; } = "float32";

    [Option("--device", "Device: cpu, cuda, cuda:N or auto.")]
    public string Device { get; init; } = "auto";

    [Option("--allow-other-weights", "Accept the same model with other weights, such as another quantisation.")]
    public bool AllowOtherWeights { get; init; }

    /// <summary>Every rule these options break, a line each.</summary>
    internal IEnumerable<string> Problems()
    {
        foreach ((string name, long value, long least) in new (string, long, long)[]
                 {
                     ("--candidates", Candidates, 1), ("--context", Context, 2), ("--least-tokens", LeastTokens, 1), ("--texts", Texts, 2), ("--untrained", Untrained, 0),
                 })
            if (value < least) yield return $"{name} is {value}; it must be at least {least}.";
        if (LeastTokens >= Context && Context >= 2) yield return $"--least-tokens is {LeastTokens}, but --context {Context} keeps {Context - 1} tokens of a text: give fewer.";
        if (!(Train is > 0 and < 1)) yield return $"--train is {Train}; it must be above 0 and below 1.";
        if (Sizes.Any(size => size < 1)) yield return $"--sizes is {string.Join(',', Sizes)}; each must be at least 1.";
        if (Pooling is not ("mean" or "max" or "last")) yield return $"--pooling is '{Pooling}'; choose mean, max or last.";
        if (ModelDtype is not ("float32" or "bfloat16")) yield return $"--model-dtype is '{ModelDtype}'; choose float32 or bfloat16.";
        if (File.Exists(Out)) yield return $"--out is {Out}, which is a file: name a folder.";
        if (Run.Distinct().Count() < Run.Count) yield return "--run names the same folder twice: name each once.";
    }
}
