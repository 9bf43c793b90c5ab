using System.CommandLine;
using Mxd.Cli.CommandLine;
using Mxd.Evaluation.Probing;
using Mxd.Figures;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary><c>mxd probe</c>: how well single units tell classes of texts apart.</summary>
internal static class ProbeCommand
{
    public static Command Create()
    {
        var command = new DocumentedCommand(
            "probe",
            "Find, for each class of labelled texts, the unit that tells it best from the rest: sparse probing of trained layers, and of untrained ones beside them.",
            "mxd probe --run runs/mxd --data ag_news.jsonl",
            "mxd probe --run runs/mxd runs/transcoder --data languages.csv --label language --out figures",
            "mxd probe --run runs/mxd --data fancyzhx/ag_news --texts 4000 --json");
        var defaults = new ProbeOptions();
        var set = new OptionSet<ProbeOptions>(command, defaults);
        foreach (Option required in set.Of(nameof(ProbeOptions.Run), nameof(ProbeOptions.Data))) command.Require(required);
        var json = new Option<bool>("--json") { Description = "Print the result as one JSON document.", Arity = ArgumentArity.Zero };
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            ProbeOptions options = set.Apply(defaults, parsed);
            ProbeReport report = ProgressDisplay.Show(observer => Run(options, observer));
            if (parsed.GetValue(json)) Output.Json(report);
            else if (report.Runs.Count > 0) ProbeTable.Show(report, options.Out);
            if (report.Stopped == true) throw new OperationCanceledException();
            return 0;
        });
        return command;
    }

    private static ProbeReport Run(ProbeOptions options, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        observer.Begin("Tokenising the texts", 0, "");
        using ProbeInput input = ProbeInput.Open(options, observer, stop.Token);
        foreach (string note in input.Notes) observer.Note(note);
        return Invocation.Work(() =>
        {
            observer.Begin("Loading the language model", 100, "%");
            using LanguageModel model = input.Model.Load(Dtypes.Parse(options.ModelDtype), Devices.Parse(options.Device), new ObservedPercent(observer));
            ProbeReport report = SparseProbing.Run(model, input, observer, stop.Token);
            if (options.Out is { } folder && report.Runs.Count > 0)
                foreach (NamedChart chart in new ProbeFigures(report).All) Figure.Save(chart.Chart, folder, chart.Name);
            return report;
        });
    }
}
