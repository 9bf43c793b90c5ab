using Mxd.Evaluation.Frontiers;
using Mxd.Figures;
using Mxd.Training;

namespace Mxd.Exploration.Reports;

/// <summary>The figures of a report, as drawings within the page.</summary>
internal static class Drawings
{
    private const int Width = 460, Height = 330;

    /// <summary>A drawing with what it shows, in words, under it.</summary>
    public static Html Figure(Chart chart, string caption, string kind = "small")
    {
        // Within a page a drawing needs no namespace, and the style sheet sizes it.
        string svg = Figures.Figure.Svg(chart, background: null).Replace(" xmlns=\"http://www.w3.org/2000/svg\"", "", StringComparison.Ordinal);
        // A wide one has a least width, and scrolls on a phone.
        Html frame = kind == "wide" ? Html.Of($" role=\"region\" aria-label=\"{chart.Title}\" tabindex=\"0\"") : Html.Empty;
        return Html.Of($"<figure class=\"{kind}\"><div{frame}>{Html.Trusted(svg)}</div><figcaption>{caption}</figcaption></figure>\n");
    }

    /// <summary>Units by the share of tokens on which they are active.</summary>
    public static Chart Usage(ReportedRun run)
    {
        UsageHistogram histogram = run.Units!.Usage.Histogram;
        return new Chart
        {
            Title = $"{run.Name}: use of {LayerName.Units(run)}",
            X = new ChartAxis("share of tokens on which a unit is active", AxisScale.Logarithmic) { Minimum = Edge(0), Maximum = 1 },
            Y = new ChartAxis("units"),
            Bars = [.. histogram.Counts.Select((count, i) => new ChartBar(Edge(i), Edge(i + 1), count))],
            Width = Width,
            Height = Height,
        };

        double Edge(int bin) => Math.Pow(10, histogram.First + bin * histogram.Width);
    }

    /// <summary>A line a run, over the tokens it has trained on.</summary>
    public static Chart Curve(IReadOnlyList<ReportedRun> runs, string title, string axis, Func<MetricsLine, double> value)
    {
        var palette = new Palette();
        return new Chart
        {
            Title = title,
            X = new ChartAxis("tokens trained on") { Minimum = 0 },
            Y = new ChartAxis(axis, AxisScale.Logarithmic),
            Series =
            [
                .. runs.Select(run => new ChartSeries(
                    run.Name,
                    [.. run.Metrics.Where(m => double.IsFinite(value(m)) && value(m) > 0).Select(m => new ChartPoint(m.Tokens, value(m)))],
                    palette.Next(run.Evaluation.Type) with { Marker = Marker.None })),
            ],
            Width = Width,
            Height = Height,
        };
    }

    /// <summary>The runs that were trained to their end as a frontier, seeds gathered into points; null where there are fewer than two.</summary>
    public static Frontier? Compare(IReadOnlyList<ReportedRun> runs)
    {
        ComparedRun[] finished =
        [
            .. runs.Where(r => r.Description is not null && r.Result is not null).Select(r => new ComparedRun(new RunFolder(r.Evaluation.Run), r.Description!, r.Result!, r.Evaluation)),
        ];
        return finished.Count(r => r.Layer.Units > 0) < 2 ? null : Frontier.Of(finished);
    }

    /// <summary>The figure of a frontier.</summary>
    public static Chart CrossEntropy(Frontier frontier)
    {
        FrontierAxis axis = frontier.Runs.All(r => r.Layer.Units == 0 || r.Layer.Sparsity?.Active is not null) ? FrontierAxis.K : FrontierAxis.L0;
        return new FrontierFigures(frontier, axis).CrossEntropy with { Width = 700, Height = 420 };
    }
}
