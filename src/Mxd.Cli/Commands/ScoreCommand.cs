using System.CommandLine;
using Mxd.Activations;
using Mxd.Cli.CommandLine;
using Mxd.Corpora;
using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary>Options of <c>mxd score</c>.</summary>
internal sealed record ScoreOptions
{
    [Option("--model", "The language model: a hub id, a folder or a .gguf file.", IsPath = true, MayBeHubId = true)]
    public string Model { get; init; } = "";

    [Option("--text", "The text: .jsonl, .csv, .parquet or .txt files, also .gz and .zst; folders, patterns, or a data set of the hub.", IsPath = true, MayBeHubId = true)]
    public IReadOnlyList<string> Text { get; init; } = [];

    [Option("--text-field", "The field of each JSON object, or the column, that holds the text.")]
    public string TextField { get; init; } = "text";

    [Option("--skip-bad", "Pass over rows of the text that are wrong, and count them.")]
    public bool SkipBad { get; init; }

    [Option("--context", "Tokens a context.")]
    public int Context { get; init; } = 128;

    [Option("--contexts", "Contexts to score, from the beginning of the text (default: all).")]
    public long? Contexts { get; init; }

    [Option("--model-dtype", "Precision of the language model: float32 or bfloat16.")]
    public string ModelDtype { get; init; } = "float32";

    [Option("--device", "Device: cpu, cuda, cuda:N or auto.")]
    public string Device { get; init; } = "auto";
}

/// <summary><c>mxd score</c>: the cross-entropy of a language model on text.</summary>
internal static class ScoreCommand
{
    public static Command Create()
    {
        var command = new DocumentedCommand(
            "score",
            "Measure a language model's next-token cross-entropy on text.",
            "mxd score --model model.gguf --text validation.jsonl --contexts 64",
            "mxd score --model model.gguf --text a.jsonl b.txt --context 512 --json");
        var defaults = new ScoreOptions();
        var set = new OptionSet<ScoreOptions>(command, defaults);
        foreach (Option required in set.Of(nameof(ScoreOptions.Model), nameof(ScoreOptions.Text))) command.Require(required);
        var json = new Option<bool>("--json") { Description = "Print the result as one JSON document.", Arity = ArgumentArity.Zero };
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            Score score = ProgressDisplay.Show(observer => Run(set.Apply(defaults, parsed), observer));
            if (parsed.GetValue(json)) Output.Json(score);
            else Show(score);
            return 0;
        });
        return command;
    }

    private static Score Run(ScoreOptions options, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        using ModelFile file = Check(options, observer, stop.Token);
        options = options with { Text = TextFiles.Pin(options.Text, new ObservedDownloads(observer), stop.Token) };
        observer.Begin("Reading the text", 0, "");
        var bad = options.SkipBad ? new BadRows() : null;
        PackedContexts contexts = Packing.Pack(
            options.Text,
            file.Tokenizer,
            new PackingOptions
            {
                ContextLength = options.Context,
                MaximumContexts = options.Contexts ?? long.MaxValue,
                TextField = options.TextField,
                BadRows = bad,
                Downloads = new ObservedDownloads(observer),
            },
            cancellation: stop.Token);
        if (bad?.Describe() is { } skipped) observer.Note(skipped);
        if (contexts.Count < options.Contexts) observer.Note($"Note: the text has {contexts.Count:n0} contexts, fewer than the {options.Contexts:n0} of --contexts.");
        return Invocation.Work(() =>
        {
            using LanguageModel model = file.Load(Dtypes.Parse(options.ModelDtype), Devices.Parse(options.Device));
            observer.Begin("Scoring", contexts.TokenCount, "tokens");
            return TextScorer.Score(model, contexts, new ObservedCount(observer), stop.Token);
        });
    }

    /// <summary>The model, if everything about the request is right.</summary>
    private static ModelFile Check(ScoreOptions options, IRunObserver observer, CancellationToken cancellation)
    {
        var problems = new ProblemList();
        problems.AddIf(options.Context < 2, $"--context is {options.Context}; it must be at least 2.");
        problems.AddIf(options.Contexts < 1, $"--contexts is {options.Contexts}; it must be at least 1.");
        problems.AddIf(options.ModelDtype is not ("float32" or "bfloat16"), $"--model-dtype is '{options.ModelDtype}'; choose float32 or bfloat16.");
        problems.Collect(() => { Devices.Parse(options.Device); });
        problems.Collect(() => TextFiles.Check(options.Text, options.TextField, options.SkipBad, new ObservedDownloads(observer), cancellation: cancellation));
        if (ModelFile.IsOnHub(options.Model)) problems.ThrowIfAny();
        ModelFile? model = problems.Collect(() => ModelFile.Open(options.Model, new ObservedDownloads(observer), cancellation));
        if (model is not null)
        {
            problems.Collect(() => model.CheckContext(options.Context));
            problems.Collect(model.CheckWeights);
        }
        if (!problems.IsEmpty) model?.Dispose();
        problems.ThrowIfAny();
        return model!;
    }

    private static void Show(Score score) => Output.Facts(
    [
        ("cross-entropy", $"{score.CrossEntropy:f4} ± {score.StandardError:f4} nats a token (perplexity {Math.Exp(score.CrossEntropy):f2})"),
        ("over", $"{score.Contexts:n0} contexts, {score.Tokens:n0} tokens"),
        ("speed", $"{score.TokensPerSecond:n0} tokens/s"),
    ]);
}
