using System.Globalization;
using Mxd.Cli.CommandLine;
using Mxd.Evaluation.Probing;
using Mxd.Exploration;
using Mxd.Training;
using Spectre.Console;

namespace Mxd.Cli.Commands;

/// <summary>A probing as tables: the runs beside each other, class by class, and the best units of each.</summary>
internal static class ProbeTable
{
    private const int LongestLabel = 24;

    public static void Show(ProbeReport report, string? figures)
    {
        IReadOnlyList<string> names = RunFolder.ShortNames([.. report.Runs.Select(run => new RunFolder(run.Run))]);
        Output.Console.Write(Comparison(report, names));
        for (int i = 0; i < report.Runs.Count; i++) Units(report.Runs[i], names[i]);
        Output.Line(
            $"{report.Texts:n0} texts of {report.Protocol.Data[0]}{(report.Protocol.Data.Count > 1 ? " and more" : "")}, {report.TrainTexts:n0} of them to fit on{(report.Protocol.InPlace ? ", read with the layers of all runs in place" : "")}; all figures are of the others. Best unit: of {report.Protocol.Candidates} candidates, the one with the best F1 there, " +
            "which is the published protocol and kind to every layer alike; 'chosen on train': of the one with the best F1 on the texts it was fitted on.");
        Output.Line($"Details: {string.Join(", ", report.Runs.Select(run => run.File))}{(figures is null ? "" : $"; figures: {figures}")}");
    }

    private static Table Comparison(ProbeReport report, IReadOnlyList<string> names)
    {
        Table table = new Table().RoundedBorder().Title("F1 of the best unit").AddColumn(new TableColumn("class").NoWrap());
        bool hasUntrained = report.Protocol.Untrained > 0;
        foreach (string name in names) table.AddColumn(new TableColumn(Markup.Escape(name)).RightAligned());
        if (hasUntrained) foreach (string name in names) table.AddColumn(new TableColumn(Markup.Escape(name + ", untrained")).RightAligned());
        foreach ((ProbedClass one, int i) in report.Runs[0].Classes.Select((c, i) => (c, i)))
            table.AddRow([Markup.Escape(Label(one)), .. report.Runs.Select(run => Three(run.Classes[i].F1)), .. Untrained(report, hasUntrained, layer => layer.Classes[i].F1)]);
        table.AddRow(["mean", .. report.Runs.Select(run => Three(run.F1)), .. Untrained(report, hasUntrained, layer => layer.F1)]);
        return table;
    }

    private static IEnumerable<string> Untrained(ProbeReport report, bool hasUntrained, Func<ProbedLayer, double> value) =>
        hasUntrained ? report.Runs.Select(run => Three(run.Untrained.Average(value))) : [];

    private static void Units(ProbedRun run, string name)
    {
        int[] sizes = [.. run.Classes[0].Sparse.Select(s => s.Size)];
        Output.Line("");
        Output.Line($"{name}: {run.Type}{(run.Sparsity is { } sparsity ? $", {sparsity}" : "")}, {run.Units:n0} units");
        Output.Columns(
            ["class", "texts", "unit", "F1", "balanced", "precision", "recall", "MCC", "ROC-AUC", "AP", "F1, chosen on train", .. sizes.Select(size => $"F1 of {size}"), "dense"],
            run.Classes.Select(c => (string[])
            [
                Label(c), $"{c.TrainMembers + c.TestMembers:n0}", $"{c.BestUnit}", Three(c.F1), Three(c.BalancedAccuracy), Three(c.Precision), Three(c.Recall), Three(c.Mcc), Three(c.RocAuc), Three(c.AveragePrecision),
                Three(c.ChosenOnTrain.Scores.F1), .. c.Sparse.Select(s => Three(s.Scores.F1)), Three(c.Dense.F1),
            ]));
    }

    /// <summary>On one line, and not too long for a table.</summary>
    private static string Label(ProbedClass of) => TokenSigns.Of(of.Label.Length > LongestLabel ? of.Label[..LongestLabel] + "…" : of.Label);

    private static string Three(double value) => value.ToString("f3", CultureInfo.InvariantCulture);
}
