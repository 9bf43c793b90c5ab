using System.CommandLine;
using Mxd.Cli.CommandLine;
using Mxd.Evaluation;
using Mxd.Figures;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Commands;

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
            "mxd eval --run runs/layer-8 runs/layer-15 runs/layer-22 --out figures",
            "mxd eval --run runs/imported --model model.gguf --text held-out.jsonl");
        var defaults = new EvalOptions();
        var set = new OptionSet<EvalOptions>(command, defaults);
        foreach (Option required in set.Of(nameof(EvalOptions.Run))) command.Require(required);
        var json = new Option<bool>("--json") { Description = "Print the result as one JSON document.", Arity = ArgumentArity.Zero };
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            EvalOptions options = set.Apply(defaults, parsed);
            RunEvaluation result = ProgressDisplay.Show(observer => Run(options, observer));
            if (parsed.GetValue(json)) Output.Json(result.ToJson());
            else EvalTable.Show(result, options.Out);
            return 0;
        });
        return command;
    }

    private static RunEvaluation Run(EvalOptions options, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        observer.Begin("Reading the text", 0, "");
        using EvalInput input = EvalInput.Open(options, observer, stop.Token);
        foreach (string note in input.Notes) observer.Note(note);
        return Invocation.Work(() =>
        {
            observer.Begin("Loading the language model", 100, "%");
            using LanguageModel model = input.Model.Load(Dtypes.Parse(options.ModelDtype), Devices.Parse(options.Device), new ObservedPercent(observer));
            var how = new EvaluationOptions { Contexts = options.Contexts, SkipFirst = options.SkipFirst };
            RunEvaluation result = RunEvaluation.Evaluate(model, input.Runs, new EvaluationText(input.Text, input.TextFiles, options.ModelDtype), how, observer, cancellation: stop.Token);
            if (options.Out is { } folder) Figure.Save(new LayersReplacedFigure(result.LayersReplaced, input.Model.Id).Chart, folder, LayersReplacedFigure.Name);
            return result;
        });
    }
}
