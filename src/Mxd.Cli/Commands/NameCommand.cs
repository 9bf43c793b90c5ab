using System.CommandLine;
using System.Globalization;
using Mxd.Chat;
using Mxd.Cli.Chat;
using Mxd.Cli.CommandLine;
using Mxd.Evaluation;
using Mxd.Exploration.Naming;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary><c>mxd name</c>: names for units by a language model, and how far they can be trusted.</summary>
internal static class NameCommand
{
    public static Command Create()
    {
        var command = new DocumentedCommand(
            "name",
            "Let a language model of a service name units by the texts they are active on, and score each name on other texts.",
            "mxd name --run runs/mxd --units 0-99 --namer openai:gpt-4o-mini --price 0.15,0.60",
            "mxd name --run runs/mxd --top 50 --namer ollama:llama3.2 --control",
            "mxd name --run runs/mxd --units 3,7 --namer openai:gpt-4o --scorer ollama:llama3.2 --yes --json");
        var defaults = new NameOptions();
        var set = new OptionSet<NameOptions>(command, defaults);
        foreach (Option required in set.Of(nameof(NameOptions.Run), nameof(NameOptions.Namer))) command.Require(required);
        var noAsking = new AskingOptions();
        var asking = new OptionSet<AskingOptions>(command, noAsking);
        var json = new Option<bool>("--json") { Description = "Print the result as one JSON document.", Arity = ArgumentArity.Zero };
        command.Options.Add(json);
        command.SetAction(parsed => Run(set.Apply(defaults, parsed), asking.Apply(noAsking, parsed), parsed.GetValue(json)));
        return command;
    }

    private static int Run(NameOptions options, AskingOptions asking, bool isJson)
    {
        using NameInput input = ProgressDisplay.Show(observer =>
        {
            using var stop = new StopSignal(observer);
            observer.Begin("Reading the run", 0, "");
            NameInput opened = NameInput.Open(options, asking, Environment.GetEnvironmentVariable, observer, stop.Token);
            foreach (string note in opened.Text.Notes) observer.Note(note);
            return opened;
        });
        using var askers = new Askers(input.Services, asking);
        UnitNamer namer = ProgressDisplay.Show(observer => Invocation.Work(() => Look(input, options, askers.All, observer)));
        Spending.Agree(namer.Forecast, asking);
        (NameReport report, string? unkept) = ProgressDisplay.Show(observer => askers.Observed(observer, () => Invocation.Work(() =>
        {
            using var stop = new StopSignal(observer);
            NamingResult result = namer.Run(asking.Parallel, observer, stop.Token);
            return (input.Report(result), input.Keep(result));
        })));
        if (isJson) Output.Json(report);
        else Show(report, input, unkept is null);
        foreach (UnnamedUnit unit in report.Unnamed) Console.Error.WriteLine($"{(unit.IsFailure ? "mxd: " : "")}Unit {unit.Unit} has no name: {unit.Problem}.");
        foreach (string failure in report.Services.Select(s => s.Failure).OfType<string>()) Console.Error.WriteLine("mxd: " + failure);
        if (unkept is not null) Console.Error.WriteLine("mxd: " + unkept);
        if (report.Stopped == true) Askers.Stopped();
        return unkept is not null || report.Unnamed.Any(unit => unit.IsFailure) || report.Services.Any(s => s.Failure is not null) ? 1 : 0;
    }

    private static UnitNamer Look(NameInput input, NameOptions options, IReadOnlyList<ChatAsker> askers, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        observer.Begin("Loading the language model", 100, "%");
        using LanguageModel model = input.Text.Model.Load(Dtypes.Parse(options.ModelDtype), Devices.Parse(options.Device), new ObservedPercent(observer));
        Replacement replacement = input.Text.Runs[0].Load(model.Device);
        using ILayer layer = replacement.Layer;
        return UnitNamer.Look(model, replacement, input.Text.Text, input.Text.Model.Tokenizer, input.Units, options, askers[0], askers[^1], observer, stop.Token);
    }

    private static void Show(NameReport report, NameInput input, bool isKept)
    {
        bool hasControls = report.MeanControl is not null;
        if (report.Names.Count > 0)
        {
            string[] titles = ["unit", "score", "precision", "recall", .. hasControls ? new[] { "control" } : [], "name"];
            Output.Columns(titles, report.Names.Select(n => (string[])[n.Unit.ToString(CultureInfo.InvariantCulture), Two(n.Score.BalancedAccuracy), Two(n.Score.Precision), Two(n.Score.Recall), .. hasControls ? new[] { Two(n.Control?.BalancedAccuracy) } : [], n.Name]));
            Output.Line(FormattableString.Invariant($"Mean score {report.MeanScore:f2} over {report.Names.Count:n0} units; a name that says nothing has 0.50{(hasControls ? FormattableString.Invariant($", and here those of other units have {report.MeanControl:f2}") : "")}. The score is the balanced accuracy with which {report.Names[0].Scorer} tells by the name alone in which held-out excerpts a unit is active."));
            if (isKept) Output.Line($"Names: {input.Text.Runs[0].Folder.NamesFile}");
        }
        foreach (ServiceWork service in report.Services) Output.Line(Spending.Took(service.Service, service.Usage, service.Cost, input.Services.Any(s => s.Spec.Name == service.Service && s.IsFree)));
    }

    private static string Two(double? value) => value is { } number && double.IsFinite(number) ? number.ToString("f2", CultureInfo.InvariantCulture) : "-";
}
