using Mxd.Evaluation;
using Mxd.Figures;
using Mxd.Training;

namespace Mxd.Exploration.Reports;

/// <summary>The figures of a report, as drawings within the page.</summary>
internal static class Drawings
{
    private const int Width = 560, Height = 340;

    /// <summary>A drawing with what it shows, in words, under it.</summary>
    public static Html Figure(Chart chart, string caption)
    {
        // Within a page a drawing needs no namespace, and the style sheet sizes it.
        string svg = Figures.Figure.Svg(chart, background: null).Replace(" xmlns=\"http://www.w3.org/2000/svg\"", "", StringComparison.Ordinal);
        return Html.Of($"<figure><div>{Html.Trusted(svg)}</div><figcaption>{caption}</figcaption></figure>\n");
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

    /// <summary>Cross-entropy against the number of active units, a line a type.</summary>
    public static Chart Frontier(IReadOnlyList<ReportedRun> runs)
    {
        var palette = new Palette();
        CostOfReplacement first = runs[0].Evaluation.Cost;
        return new Chart
        {
            Title = "Cross-entropy with the layer in place",
            X = new ChartAxis("active units a token (L0)", AxisScale.Logarithmic),
            Y = new ChartAxis("cross-entropy, nats"),
            Series =
            [
                .. runs.Where(HasUnits).GroupBy(r => r.Evaluation.Type).Select(type => new ChartSeries(
                    LayerName.Title(type.First()),
                    [.. type.OrderBy(r => r.Evaluation.Cost.L0).Select(Point)],
                    palette.Next(type.Key))),
            ],
            References =
            [
                new ChartReference("model alone", first.CrossEntropy.Model, new SeriesStyle(Palette.Black, Marker.None, Dash.Solid)),
                new ChartReference("MLP set to zero", first.CrossEntropy.ZeroAblated, new SeriesStyle(Palette.Grey, Marker.None, Dash.Dotted)),
                new ChartReference("MLP set to its mean", first.CrossEntropy.MeanAblated, new SeriesStyle(Palette.Grey, Marker.None, Dash.Short)),
                .. runs.Where(r => !HasUnits(r)).Select(r => new ChartReference(r.Name, r.Evaluation.Cost.CrossEntropy.Spliced, palette.Next(r.Evaluation.Type))),
            ],
            Width = 800,
            Height = 420,
        };

        static ChartPoint Point(ReportedRun run) => new(run.Evaluation.Cost.L0!.Value, run.Evaluation.Cost.CrossEntropy.Spliced, run.Evaluation.Cost.StandardErrors.CrossEntropy.Spliced);
    }

    public static bool HasUnits(ReportedRun run) => run.Saved.Layer.Units > 0 && run.Evaluation.Cost.L0 > 0;
}
