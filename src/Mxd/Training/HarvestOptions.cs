using System.Globalization;
using System.Text.Json.Serialization;
using Mxd.LanguageModels;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>What activations to put on disk; the names and defaults are those of <see cref="TrainOptions"/>, so that a run finds what it would harvest itself.</summary>
public sealed record HarvestOptions
{
    [Option("--model", "The language model: a hub id (gpt2, owner/name@revision), a folder or a .gguf file.", IsPath = true, MayBeHubId = true)]
    public string Model { get; init; } = "";

    [Option("--layer", "The layer, or layers, whose MLP's input and output are harvested, counted from 0.", ValueName = "number")]
    public IReadOnlyList<string> Layer { get; init; } = [];

    [Option("--text", "The training text: .jsonl, .csv, .parquet or .txt files, also .gz and .zst; folders, patterns, or a data set of the hub (owner/name, owner/name:PATTERN).", IsPath = true, MayBeHubId = true)]
    public IReadOnlyList<string> Text { get; init; } = [];

    [Option("--validation", "Held-out text, named like --text. Without it, some documents of --text are held out.", IsPath = true, MayBeHubId = true)]
    public IReadOnlyList<string> Validation { get; init; } = [];

    [Option("--text-field", "The field of each JSON object, or the column, that holds the text.")]
    public string TextField { get; init; } = "text";

    [Option("--skip-bad", "Pass over rows of the text that are wrong, and count them.")]
    public bool SkipBad { get; init; }

    [Option("--held-out", "Share of the documents held out where there is no --validation.")]
    public double HeldOut { get; init; } = 0.05;

    [Option("--tokens", "Tokens to harvest, beside the held-out ones: as many as the longest run is to train on.")]
    public long Tokens { get; init; } = -1;

    [Option("--dtype", "Precision of the values on disk: float32 or bfloat16 (default: that of the language model, without loss).")]
    public string? Dtype { get; init; }

    [Option("--max-bytes", "Refuse to write more than this: a number of bytes, or one with a unit such as 20GB.", ValueName = "size")]
    public string MaxBytes { get; init; } = "20GB";

    [Option("--shard-bytes", "Size of a file; what has not filled one when the harvest stops is harvested again.", ValueName = "size")]
    public string ShardBytes { get; init; } = "256MiB";

    [Option("--input", "Hook points to read instead of the MLPs' inputs (blocks.L.ln2.hook_normalized).")]
    public IReadOnlyList<string> Input { get; init; } = [];

    [Option("--output", "Hook points to read instead of the MLPs' outputs (blocks.L.hook_mlp_out).")]
    public IReadOnlyList<string> Output { get; init; } = [];

    [Option("--context", "Tokens a context.")]
    public int Context { get; init; } = 128;

    [Option("--model-dtype", "Precision of the language model: float32 or bfloat16.")]
    public string ModelDtype { get; init; } = "float32";

    [Option("--device", "Device: cpu, cuda, cuda:N or auto.")]
    public string Device { get; init; } = "auto";

    [Option("--harvest-batch", "Contexts the language model takes at once.")]
    public int HarvestBatch { get; init; } = 16;

    [Option("--validation-contexts", "Held-out contexts to harvest, for validation figures.")]
    public int ValidationContexts { get; init; } = 256;

    [Option("--seed", "Seed of the order in which contexts are harvested: that of the runs' --seed.")]
    public long Seed { get; init; }

    /// <summary>The numbers of <see cref="Layer"/> that are numbers.</summary>
    [JsonIgnore]
    public IReadOnlyList<int> Layers => [.. Layer.Select(Number).OfType<int>().Distinct()];

    /// <summary>Precision of the values on disk.</summary>
    [JsonIgnore]
    public string StoredDtype => Dtype ?? ModelDtype;

    /// <summary>The hook points to read, in the order of the forward pass.</summary>
    /// <exception cref="MxdInputException">A name is none.</exception>
    public IReadOnlyList<HookPoint> ReadPoints()
    {
        IEnumerable<HookPoint> inputs = Input.Count > 0 ? Input.Select(HookPoint.Parse) : Layers.Select(HookPoint.MlpInput);
        IEnumerable<HookPoint> outputs = Output.Count > 0 ? Output.Select(HookPoint.Parse) : Layers.Select(HookPoint.MlpOutput);
        return [.. inputs.Concat(outputs).Distinct().OrderBy(point => point.Layer).ThenBy(point => point.Site)];
    }

    /// <summary>A run that would harvest the same.</summary>
    public TrainOptions ToTrainOptions() => new()
    {
        Model = Model,
        Layer = Layers.Count > 0 ? Layers[0] : -1,
        Text = Text,
        Validation = Validation,
        TextField = TextField,
        SkipBad = SkipBad,
        HeldOut = HeldOut,
        Tokens = Tokens,
        Batch = 1,
        Buffer = Math.Max(2, Context),
        Context = Context,
        ModelDtype = ModelDtype,
        Device = Device,
        HarvestBatch = HarvestBatch,
        ValidationContexts = ValidationContexts,
        Seed = Seed,
    };

    /// <summary>Every rule the options break, that needs no file.</summary>
    public IEnumerable<string> Problems()
    {
        foreach (string problem in (ToTrainOptions() with { Layer = 0, Tokens = Math.Max(2, Context) }).Problems()) yield return problem;
        if (Context >= 2 && Tokens < Context) yield return $"--tokens is {Tokens}, less than one context of {Context}: raise it.";
        if (Layer.Count == 0) yield return "--layer is missing: name the layer, or layers, whose MLP is harvested.";
        foreach (string layer in Layer)
            if (Number(layer) is not >= 0) yield return $"--layer is '{layer}'; a whole number of at least 0 is expected.";
        foreach (string name in Input.Concat(Output))
            if (!HookPoint.TryParse(name, out _))
                yield return Unknown(name);
        if (StoredDtype is not ("float32" or "bfloat16")) yield return $"--dtype is '{StoredDtype}'; choose float32 or bfloat16.";
        foreach ((string option, string text) in new[] { ("--max-bytes", MaxBytes), ("--shard-bytes", ShardBytes) })
            if (ByteSize.Parse(text) is not > 0) yield return $"{option} is '{text}'; a number of bytes above 0 is expected, alone or with a unit such as 20GB or 256MiB.";
    }

    private static string Unknown(string name)
    {
        try
        {
            return $"{HookPoint.Parse(name)}";
        }
        catch (MxdInputException e)
        {
            return e.Message;
        }
    }

    private static int? Number(string text) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) ? number : null;
}
