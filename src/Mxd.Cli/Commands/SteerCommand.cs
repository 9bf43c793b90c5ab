using System.CommandLine;
using System.Globalization;
using Mxd.Cli.CommandLine;
using Mxd.Evaluation;
using Mxd.Exploration;
using Mxd.Exploration.Steered;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary><c>mxd steer</c>: what a model says when units of a layer are made active.</summary>
internal static class SteerCommand
{
    public static Command Create()
    {
        var command = new DocumentedCommand(
            "steer",
            "Continue a prompt with units of a trained layer made active, one after another, side by side with what the model says without.",
            "mxd steer --run runs/mxd --units 0-99 --out steered.html",
            "mxd steer --run runs/mxd --top 20 --coefficient 2 --scale max --samples 3",
            "mxd steer --run runs/layer-8 runs/layer-15 --units 8:3,15:20-29 --together",
            "mxd steer --run runs/mxd --probe runs/mxd/probe/languages.json --json");
        var defaults = new SteerOptions();
        var set = new OptionSet<SteerOptions>(command, defaults);
        foreach (Option required in set.Of(nameof(SteerOptions.Run))) command.Require(required);
        var json = new Option<bool>("--json") { Description = "Print the result as one JSON document.", Arity = ArgumentArity.Zero };
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            SteerOptions options = set.Apply(defaults, parsed);
            SteeringResult result = ProgressDisplay.Show(observer => Run(options, observer));
            if (parsed.GetValue(json)) Output.Json(result);
            else Show(result);
            if (result.Stopped == true) throw new OperationCanceledException();
            return 0;
        });
        return command;
    }

    private static SteeringResult Run(SteerOptions options, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        observer.Begin("Reading the run", 0, "");
        using SteerInput input = SteerInput.Open(options, observer, stop.Token);
        foreach (string note in input.Notes) observer.Note(note);
        return Invocation.Work(() =>
        {
            observer.Begin("Loading the language model", 100, "%");
            using LanguageModel model = input.Model.Load(Dtypes.Parse(options.ModelDtype), Devices.Parse(options.Device), new ObservedPercent(observer));
            List<Replacement> layers = [];
            try
            {
                foreach (EvalRun run in input.Runs) layers.Add(run.Load(model.Device));
                SteeringResult result = new SteeringExperiment(model, new ReplacementSet(layers), input, options).Run(observer, stop.Token);
                if (options.Out is { } page) SteeringPage.Write(page, result);
                return result;
            }
            finally
            {
                foreach (Replacement layer in layers) layer.Layer.Dispose();
            }
        });
    }

    private static void Show(SteeringResult result)
    {
        string inPlace = result.Runs is { } runs ? $"layers {string.Join(", ", runs.Select(run => $"{run.Layer} ({run.Type})"))}" : $"the layer in place ({result.Type})";
        Output.Line($"\"{TokenSigns.Of(result.Prompt)}\", with {inPlace}{(result.Runs is null ? "" : " in place")}, not steered:");
        Samples(result.Unsteered);
        foreach (SteeredUnits units in result.Units)
        {
            Output.Line("");
            string added = string.Join(", ", units.Names.Zip(units.Coefficients, (unit, by) => $"{unit} + {by.ToString("g4", CultureInfo.InvariantCulture)}"));
            Output.Line($"{(units.Units.Count == 1 ? "unit" : "units")} {added}{(units.Why is { } why ? $" ({why})" : "")}: KL {(double.IsFinite(units.Divergence) ? units.Divergence.ToString("f3", CultureInfo.InvariantCulture) : "-")}, perplexity {Number(units.Perplexity)}");
            if (units.Failure is { } failure) Output.Line("  " + failure);
            Samples(units.Samples);
        }
        Output.Line("");
        Output.Line("KL, in nats: how far steering moves the prediction that follows the prompt. Perplexity: of the continuations under the language model as it is. Numbers beside texts are theirs.");
        if (result.Options.Out is { } page) Output.Line($"Page: {page}");
    }

    /// <summary>Texts that are the same are shown once: at a small --top-p, most are.</summary>
    private static void Samples(IReadOnlyList<SteeredSample> samples)
    {
        foreach (IGrouping<string, SteeredSample> same in samples.GroupBy(s => s.Text))
        {
            string times = same.Count() > 1 ? $" ({same.Count()} times)" : "";
            Output.Text($"  {Number(same.First().Perplexity),8}  ", TokenSigns.OfText(same.Key) + times);
        }
    }

    private static string Number(double value) => double.IsFinite(value) ? value.ToString(value < 1000 ? "f1" : "g3", CultureInfo.InvariantCulture) : "-";
}
