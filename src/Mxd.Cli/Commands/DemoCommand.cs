using System.CommandLine;
using System.Globalization;
using Mxd.Cli.CommandLine;
using Mxd.Evaluation;
using Mxd.Exploration;
using Mxd.Exploration.Reports;
using Mxd.Exploration.Steered;
using Mxd.LanguageModels;
using Mxd.LanguageModels.Generation;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Tokenizers;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary><c>mxd demo</c>: the main job, small, on the model and text that are on every machine.</summary>
internal static class DemoCommand
{
    /// <summary>Begins like the documentation the model was trained on, in no language but English.</summary>
    private const string Prompt = "Gets the name of the";

    private const int ShownUnits = 4, ReportedUnits = 12, ContinuedTokens = 24;

    /// <summary>Of a unit's largest coefficient in the text it was looked up in.</summary>
    private const double Strength = 10;

    public static Command Create()
    {
        var command = new DocumentedCommand(
            "demo",
            "See what it is about, in two minutes: train MxD and what it is compared with on the small model that comes along, measure them, look at experts, steer one, write a report.",
            "mxd demo",
            "mxd demo --seed 1 --json");
        var defaults = new DemoOptions();
        var set = new OptionSet<DemoOptions>(command, defaults);
        var output = new Option<string>("--out") { Description = "The folder to write to, made by this command (default: runs/demo, or the first of runs/demo-2, ... that is not there).", HelpName = "path" };
        var json = new Option<bool>("--json") { Description = "Print the result as one JSON document.", Arity = ArgumentArity.Zero };
        command.Options.Add(output);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            DemoOptions options = set.Apply(defaults, parsed);
            string? folder = parsed.GetValue(output) is { } named ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(named)) : null;
            DemoResult result = ProgressDisplay.Show(observer => Run(options, folder, observer));
            if (parsed.GetValue(json)) Output.Json(result.ToJson());
            else DemoText.Show(result);
            return result.HasFailures ? 1 : 0;
        });
        return command;
    }

    private static DemoResult Run(DemoOptions options, string? folder, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        using PreparedSweep sweep = Enter(options, folder, observer, stop.Token);
        foreach (string line in DemoText.Introduction.Concat(DemoText.Plan(sweep))) observer.Note(line);
        try
        {
            return Invocation.Work(() =>
            {
                SweepRun.Execute(sweep, new Expectations(observer), stop.Token);
                IReadOnlyList<EvaluatedRun> evaluated = SweepEvaluation.Evaluate(sweep, observer, stop.Token);
                return Explore(sweep, evaluated, observer, stop.Token);
            });
        }
        catch (OperationCanceledException)
        {
            foreach (string line in DemoText.GoOn(sweep)) observer.Note(line);
            throw;
        }
    }

    /// <summary>Checks everything and takes the folder; where none was named and another demo was faster, the next one.</summary>
    private static PreparedSweep Enter(DemoOptions options, string? folder, IRunObserver observer, CancellationToken cancellation)
    {
        while (true)
        {
            var place = new SweepFolder(folder ?? DemoOptions.FreeFolder());
            PreparedSweep? sweep = null;
            try
            {
                sweep = PreparedSweep.New(options.Sweep, place, observer, maxMemory: null, cancellation);
                Invocation.Work(() =>
                {
                    sweep.Enter();
                    return true;
                });
                return sweep;
            }
            catch (Exception e)
            {
                sweep?.Dispose();
                bool isTaken = folder is null && e is (MxdInputException or WorkFailedException) && Path.Exists(place.Path);
                if (!isTaken) throw;
            }
        }
    }

    /// <summary>Looks at the units of all layers, steers one, and writes the report.</summary>
    private static DemoResult Explore(PreparedSweep sweep, IReadOnlyList<EvaluatedRun> evaluated, IRunObserver observer, CancellationToken cancellation)
    {
        SweepOptions asked = sweep.Description.Asked;
        LanguageModel model = sweep.LoadModel(cancellation);
        RunFolder[] folders = [.. evaluated.Select(e => new RunFolder(e.Run))];
        List<Replacement> layers = [];
        try
        {
            foreach (RunFolder folder in folders) layers.Add(EvalRun.Read(folder.Path).Load(model.Device));
            ReportContent report = ReportBuilder.Describe(ReportedRun.ReadAll(folders));
            observer.Begin("Looking at what units are active on", 100, "%");
            report = ReportBuilder.AddUnits(
                report, layers, model, SweepEvaluation.Text(sweep, cancellation), TrainingData.HeldOutFiles(asked.Base), sweep.Model.Tokenizer,
                new ExplorationOptions { Contexts = asked.Contexts }, ReportedUnits, new ObservedPercent(observer), cancellation);
            int mxd = evaluated.ToList().FindIndex(e => e.Type == "mxd");
            ReportedUnit[] units = mxd >= 0 && report.Runs[mxd].Units is { } found ? [.. found.Sample.Take(ShownUnits)] : [];
            SteeredText? steered = units.Length > 0 ? Steer(model, layers[mxd], sweep.Model.Tokenizer, units) : null;
            string file = Path.Combine(sweep.Folder.Path, "report.html");
            HtmlReport.Write(file, report);
            return new DemoResult(SweepResult.Of(sweep, evaluated), units, Prompt, steered, file);
        }
        finally
        {
            foreach (Replacement replacement in layers) replacement.Layer.Dispose();
        }
    }

    /// <summary>Steers that of the units which moves the model's next word most.</summary>
    private static SteeredText Steer(LanguageModel model, Replacement layer, ITokenizer tokenizer, IReadOnlyList<ReportedUnit> units)
    {
        int[] prompt = [tokenizer.FirstToken, .. tokenizer.Encode(Prompt)];
        (long Unit, double Coefficient)[] choices = [.. units.Select(u => ((long)u.Contexts.Unit, Rounded(Strength * u.Contexts.Maximum)))];
        (long Unit, double Coefficient) strongest = choices.MaxBy(c => SteeredText.Measure(model, layer, prompt, new Steering(new Dictionary<long, double> { [c.Unit] = c.Coefficient })));
        var options = new GenerationOptions { MaximumTokens = ContinuedTokens, EndTokens = tokenizer.EndTokens, Sampling = new SamplingOptions { Temperature = 0 } };
        return SteeredText.Compare(model, layer, tokenizer, prompt, strongest, options);
    }

    /// <summary>To two digits: it stands in a command that people copy.</summary>
    private static double Rounded(double coefficient) => double.Parse(coefficient.ToString("g2", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
