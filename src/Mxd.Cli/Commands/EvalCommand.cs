using System.CommandLine;
using System.Text.Json.Nodes;
using Mxd.Cli.CommandLine;
using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary>Options of <c>mxd eval</c>.</summary>
internal sealed record EvalOptions
{
    /// <summary>Tokens a context where neither the run, an imported layer nor a person says.</summary>
    public const int DefaultContext = 128;

    [Option("--run", "The run folders. Several are measured one by one and, at different layers, all together.", IsPath = true)]
    public IReadOnlyList<string> Run { get; init; } = [];

    [Option("--text", "Held-out text, named as for train (default: what the run held out).", IsPath = true, MayBeHubId = true)]
    public IReadOnlyList<string> Text { get; init; } = [];

    [Option("--text-field", "The field of each JSON object, or the column, that holds the text.")]
    public string TextField { get; init; } = "text";

    [Option("--skip-bad", "Pass over rows of the text that are wrong, and count them.")]
    public bool SkipBad { get; init; }

    [Option("--contexts", "Contexts to evaluate, from the beginning of the text.")]
    public int Contexts { get; init; } = 128;

    [Option("--context", "Tokens a context (default: what the layer was trained on, or 128 where an imported one does not say).")]
    public int? Context { get; init; }

    [Option("--skip-first", "Positions to leave out at the start of each context.")]
    public int SkipFirst { get; init; }

    [Option("--model", "The language model, if it is no longer where the run found it, or the layer was imported.", IsPath = true, MayBeHubId = true)]
    public string? Model { get; init; }

    [Option("--model-dtype", "Precision of the language model: float32 or bfloat16.")]
    public string ModelDtype { get; init; } = "float32";

    [Option("--device", "Device: cpu, cuda, cuda:N or auto.")]
    public string Device { get; init; } = "auto";

    [Option("--allow-other-weights", "Accept the same model with other weights, such as another quantisation.")]
    public bool AllowOtherWeights { get; init; }
}

/// <summary><c>mxd eval</c>: what replacements cost a language model on held-out text.</summary>
internal static class EvalCommand
{
    public static Command Create()
    {
        var command = new DocumentedCommand(
            "eval",
            "Measure what trained layers cost their language model on held-out text: cross-entropy, KL, FVU, L0, dead units.",
            "mxd eval --run runs/mxd",
            "mxd eval --run runs/mxd runs/transcoder --text held-out.jsonl --contexts 64 --json",
            "mxd eval --run runs/imported --model model.gguf --text held-out.jsonl");
        var defaults = new EvalOptions();
        var set = new OptionSet<EvalOptions>(command, defaults);
        foreach (Option required in set.Of(nameof(EvalOptions.Run))) command.Require(required);
        var json = new Option<bool>("--json") { Description = "Print the result as one JSON document.", Arity = ArgumentArity.Zero };
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            Evaluation result = ProgressDisplay.Show(observer => Run(set.Apply(defaults, parsed), observer));
            if (parsed.GetValue(json)) Output.Json(result.ToJson());
            else EvalTable.Show(result);
            return 0;
        });
        return command;
    }

    private static Evaluation Run(EvalOptions options, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        observer.Begin("Reading the text", 0, "");
        using EvalInput input = EvalInput.Open(options, observer, stop.Token);
        foreach (string note in input.Notes) observer.Note(note);
        return Invocation.Work(() =>
        {
            observer.Begin("Loading the language model", 100, "%");
            using LanguageModel model = input.Model.Load(Dtypes.Parse(options.ModelDtype), Devices.Parse(options.Device), new Percent(observer));
            List<Replacement> replacements = [.. input.Runs.Select(r => r.Load(Devices.Parse(options.Device)))];
            observer.Begin("Evaluating", 100, "%");
            var evaluator = new ReplacementEvaluator(
                model, input.Text, new EvaluationOptions { Contexts = options.Contexts, SkipFirst = options.SkipFirst });
            IReadOnlyList<CostOfReplacement> costs = evaluator.Evaluate(replacements, new Percent(observer), stop.Token);
            List<EvaluatedRun> runs = [];
            for (int i = 0; i < replacements.Count; i++)
            {
                ILayer layer = replacements[i].Layer;
                runs.Add(new EvaluatedRun(input.Runs[i].Folder.Path, layer.Options.Type, layer.ParameterCount(), layer.Options.Sparsity?.Title, layer.Options.Sparsity?.Active, options.ModelDtype, input.TextFiles, model.Identity.WeightsHash, costs[i]));
                AtomicFile.WriteAllText(Path.Combine(input.Runs[i].Folder.Path, "evaluation.json"), runs[i].ToJson().ToJsonString(Json.Indented));
                layer.Dispose();
            }
            return new Evaluation(runs, costs.Count > replacements.Count ? costs[^1] : null);
        });
    }

    private sealed class Percent(IRunObserver observer) : IProgress<double>
    {
        public void Report(double value) => observer.Advance((long)(100 * value));
    }
}

/// <summary>What <c>mxd eval</c> prints: each run by itself, and all together where there are several.</summary>
internal sealed record Evaluation(IReadOnlyList<EvaluatedRun> Runs, CostOfReplacement? Together)
{
    public JsonObject ToJson()
    {
        if (Runs.Count == 1) return Runs[0].ToJson();
        var json = new JsonObject { ["runs"] = new JsonArray([.. Runs.Select(r => (JsonNode)r.ToJson())]) };
        if (Together is not null) json["together"] = System.Text.Json.JsonSerializer.SerializeToNode(Together, Json.Compact);
        return json;
    }
}
