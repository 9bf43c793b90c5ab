using System.Globalization;
using Mxd.Cli.CommandLine;
using Mxd.Evaluation;
using Mxd.Evaluation.Frontiers;
using Mxd.Layers;

namespace Mxd.Cli.Commands;

/// <summary>A frontier as a table: a row a point, each number with its standard error.</summary>
internal static class CompareTable
{
    private const int Between = 2;

    public static void Show(Frontier frontier, string? folder, IReadOnlyList<string> files)
    {
        ComparedRun first = frontier.Runs[0];
        CostOfReplacement cost = first.Cost;
        Output.Facts(
        [
            ("model", $"{first.Model.Id}, at {first.Description.Origin.Output}, in {first.Evaluated.ModelDtype}"),
            ("text", $"{string.Join(", ", first.Evaluated.Text)}: {cost.Contexts:n0} contexts, {cost.Tokens:n0} tokens"),
            ("cross-entropy", $"{With(cost.CrossEntropy.Model, cost.StandardErrors.CrossEntropy.Model, 4)} the model itself, {N(cost.CrossEntropy.ZeroAblated, 4)} with the MLP set to zero, {N(cost.CrossEntropy.MeanAblated, 4)} to its mean"),
        ]);
        FrontierPoint[] points = [.. frontier.Points];
        foreach (Column[] group in Fitting(points)) Show(points, group);
        Output.Line($"Cross-entropy and KL in nats; ± is one standard error: {Errors(frontier)}. FLOPs: forward, a token, where only chosen units are decoded.");
        foreach (string note in frontier.Notes) Output.Line("Note: " + note);
        if (folder is not null) Output.Line($"Written to {folder}: {string.Join(", ", files)}");
    }

    private static string Errors(Frontier frontier) => frontier.Points.Any(p => p.Runs > 1)
        ? "between seeds where there are several, otherwise over contexts, paired for differences"
        : "over contexts, paired for differences";

    private static void Show(FrontierPoint[] points, Column[] columns) =>
        Output.Columns([.. columns.Select(c => c.Title)], points.Select(p => columns.Select(c => c.Cell(p)).ToArray()));

    /// <summary>As many columns side by side as the width takes, the first two before each group.</summary>
    private static IEnumerable<Column[]> Fitting(FrontierPoint[] points)
    {
        Column[] names = [.. columns.Take(2)];
        int width = Output.Console.Profile.Width - names.Sum(c => c.Width(points) + Between);
        List<Column> group = [];
        int used = 0;
        foreach (Column column in columns.Skip(2).Where(c => points.Any(p => c.Cell(p).Length > 0)))
        {
            int own = column.Width(points) + Between;
            if (group.Count > 0 && used + own - Between > width)
            {
                yield return [.. names, .. group];
                group = [];
                used = 0;
            }
            group.Add(column);
            used += own;
        }
        yield return [.. names, .. group];
    }

    private static readonly Column[] columns =
    [
        new("layer", p => p.Line),
        new("K", p => p.K?.ToString(CultureInfo.InvariantCulture) ?? ""),
        new("cross-entropy", p => N(p[Measure.Spliced].Mean, 4)),
        new("increase", p => With(p[Measure.Increase], 4)),
        new("recovered", p => With(p[Measure.Recovered], 3)),
        new("KL", p => With(p[Measure.Kl], 4)),
        new("FVU", p => With(p[Measure.Fvu], 4)),
        new("L0", p => IsControl(p) ? "" : N(p[Measure.L0].Mean, 1)),
        new("dead", p => IsControl(p) ? "" : Percent(p[Measure.DeadFraction].Mean)),
        new("parameters", p => p.Parameters?.ToString("n0", CultureInfo.InvariantCulture) ?? ""),
        new("FLOPs", p => p.FlopsPerToken?.ToString("n0", CultureInfo.InvariantCulture) ?? ""),
        new("tokens", p => p.TrainedTokens?.ToString("n0", CultureInfo.InvariantCulture) ?? ""),
        new("lr", p => p.LearningRate?.ToString(CultureInfo.InvariantCulture) ?? ""),
        new("seeds", p => p.Runs?.ToString(CultureInfo.InvariantCulture) ?? ""),
    ];

    private static bool IsControl(FrontierPoint point) => LayerTypes.Find(point.Type) is { HasUnits: false };

    private static string With(Statistic statistic, int decimals) => With(statistic.Mean, statistic.StandardError, decimals);

    private static string With(double value, double error, int decimals) =>
        double.IsFinite(value) ? N(value, decimals) + (double.IsFinite(error) ? $" ± {N(error, decimals)}" : "") : "";

    private static string N(double value, int decimals) => double.IsFinite(value) ? value.ToString("f" + decimals, CultureInfo.InvariantCulture) : "";

    private static string Percent(double value) => double.IsFinite(value) ? value.ToString("p1", CultureInfo.InvariantCulture) : "";

    private sealed record Column(string Title, Func<FrontierPoint, string> Cell)
    {
        public int Width(FrontierPoint[] points) => points.Select(p => Cell(p).Length).Append(Title.Length).Max();
    }
}
