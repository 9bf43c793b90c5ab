using Mxd.Evaluation.Frontiers;
using Mxd.Training;

namespace Mxd.Figures;

/// <summary>What training longer brings: held-out FVU as it was logged, and, of configurations trained for several lengths, what each recovers. One K a figure.</summary>
internal sealed class TrainingFigures(Frontier frontier, LineStyles styles, string where)
{
    /// <summary>The K of the published runs.</summary>
    private const int UsualK = 32;

    /// <summary>An FVU above it says only that training has just begun.</summary>
    private const double HighestFvu = 1.2;

    private readonly int? shownK = CommonK(frontier);

    public IEnumerable<NamedChart> All
    {
        get
        {
            ChartSeries[] curves = [.. Shown().Select(s => Curve(s.Line, s.Members)).Where(s => s.Points.Count > 1)];
            if (curves.Length > 0) yield return new NamedChart("fvu-by-tokens", Chart("Held-out FVU while training", "FVU on the run's held-out text", curves));
            ChartSeries[] lengths = [.. Lengths().Where(s => s.Points.Count > 1)];
            if (lengths.Length > 0) yield return new NamedChart("recovered-by-tokens", Chart("Cross-entropy recovered by length of training", "cross-entropy recovered", lengths));
        }
    }

    /// <summary>The K that most lines have, the nearest to 32 of several.</summary>
    private static int? CommonK(Frontier frontier) => frontier.Lines.Where(l => l.Source is null).SelectMany(l => l.Points).Where(p => p.K is not null)
        .GroupBy(p => p.K).OrderByDescending(g => g.Count()).ThenBy(g => Math.Abs(Math.Log2(g.Key!.Value / (double)UsualK))).FirstOrDefault()?.Key;

    private IEnumerable<(FrontierLine Line, IReadOnlyList<ComparedRun> Members)> Shown() => frontier.Lines.Where(l => l.Source is null)
        .SelectMany(line => line.Points.Zip(line.Members).Where(p => p.First.K is null || p.First.K == shownK).Take(1).Select(p => (line, p.Second)));

    /// <summary>The mean over seeds at every number of tokens that all of them logged.</summary>
    private ChartSeries Curve(FrontierLine line, IReadOnlyList<ComparedRun> members)
    {
        MetricsLine[][] logs = [.. members.Select(m => m.Folder.ReadMetrics().ToArray())];
        ChartPoint[] points =
        [
            .. logs.SelectMany(log => log).GroupBy(l => l.Tokens).Where(g => g.Count() == logs.Length).OrderBy(g => g.Key)
                .Select(g => (Tokens: g.Key, Fvu: Statistic.Of([.. g.Select(l => l.Validation.Fvu)], [double.NaN])))
                .Select(p => new ChartPoint(p.Tokens, p.Fvu.Mean, p.Fvu.BetweenSeeds)),
        ];
        return new ChartSeries(line.Label, points, styles[line] with { Marker = points.Length > 12 ? Marker.None : styles[line].Marker });
    }

    private IEnumerable<ChartSeries> Lengths() => Shown().Where(s => s.Line.Points.Count > 0)
        .GroupBy(s => s.Line.Type)
        .Select(type => new ChartSeries(
            type.First().Line.Label.Split(',')[0],
            [.. type.SelectMany(s => s.Line.Points.Where(p => p.K is null || p.K == shownK)).GroupBy(p => p.TrainedTokens).Where(g => g.Count() == 1).Select(g => g.First())
                .Select(p => new ChartPoint(p.TrainedTokens ?? double.NaN, p[Measure.Recovered].Mean, p[Measure.Recovered].StandardError))],
            styles[type.First().Line]));

    private Chart Chart(string title, string label, ChartSeries[] series)
    {
        double highest = series.SelectMany(s => s.Points).Select(p => p.Y).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        double[] tokens = [.. series.SelectMany(s => s.Points).Select(p => p.X)];
        return new Chart
        {
            Title = $"{title}: {where}{(shownK is { } k ? $", K = {k}" : "")}",
            X = new ChartAxis("tokens trained on", tokens.Max() > 32 * tokens.Min() ? AxisScale.Logarithmic : AxisScale.Linear),
            Y = new ChartAxis(label) { Maximum = highest > HighestFvu ? HighestFvu : null },
            Series = series,
        };
    }
}
