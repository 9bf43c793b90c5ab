using Mxd.Evaluation.Probing;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Figures;

/// <summary>The figures of a probing: F1 of every class and run, and how each best unit's activation is spread over its class and the rest.</summary>
public sealed class ProbeFigures(ProbeReport report)
{
    /// <summary>Distance of neighbouring runs' markers, in classes.</summary>
    private const double Apart = 0.09;

    /// <summary>So that a marker at 1 is seen whole.</summary>
    private const double AboveOne = 1.04;

    private const int LongestName = 40, LongestLabel = 24;

    private readonly IReadOnlyList<string> names = RunFolder.ShortNames([.. report.Runs.Select(run => new RunFolder(run.Run))]);

    public IReadOnlyList<NamedChart> All => [new NamedChart("probe-f1", F1()), .. report.Runs.SelectMany((run, i) => run.Classes.Select((c, place) => Density(c, i, place)))];

    private Chart F1()
    {
        var palette = new Palette();
        SeriesStyle[] styles = [.. report.Runs.Select(run => palette.Next(run.Type) with { HasLine = false })];
        string[] labels = [.. report.Runs[0].Classes.Select(c => c.Label.Length > LongestLabel ? c.Label[..LongestLabel] + "…" : c.Label)];
        int untrained = report.Runs.Max(run => run.Untrained.Count);
        return new Chart
        {
            Title = $"One unit a class: F1 on {ProbeFile.NameOf(report.Protocol.Data)}",
            Subtitle = $"Best of {report.Protocol.Candidates} units on {report.Texts - report.TrainTexts:n0} texts, fitted on {report.TrainTexts:n0}{(untrained > 0 ? "; hollow: untrained layers of the same shape" : "")}",
            X = new ChartAxis("class") { Names = labels, Minimum = -0.5, Maximum = labels.Length - 0.5 },
            Y = new ChartAxis("F1 of the best unit") { Minimum = 0, Maximum = AboveOne },
            Series =
            [
                .. report.Runs.Select((run, i) => (run, i)).Where(r => r.run.Untrained.Count > 0).Select(r => new ChartSeries(
                    $"{names[r.i]}, untrained", [.. r.run.Untrained.SelectMany(layer => Points(layer.Classes, r.i, Apart / 2))], styles[r.i] with { IsHollow = true })),
                // Above the untrained ones.
                .. report.Runs.Select((run, i) => new ChartSeries(names[i], [.. Points(run.Classes, i)], styles[i])),
            ],
            Width = Math.Max(800, 300 + 60 * labels.Length),
        };
    }

    private IEnumerable<ChartPoint> Points(IReadOnlyList<ProbedClass> classes, int run, double beside = 0) =>
        classes.Select((c, i) => new ChartPoint(i + (run - (report.Runs.Count - 1) / 2.0) * Apart + beside, c.F1));

    private NamedChart Density(ProbedClass of, int number, int place)
    {
        SeriesStyle style = Palette.Style(0) with { Marker = Marker.None };
        return new NamedChart(
            $"density-{number + 1}-{FileNames.Safe(names[number], LongestName)}-{place + 1}-{FileNames.Safe(of.Label, LongestName)}",
            new Chart
            {
                Title = $"Unit {of.BestUnit} of {names[number]} on {of.Label}",
                Subtitle = $"F1 {of.F1:f3}, balanced accuracy {of.BalancedAccuracy:f3}; the lowest level is no text at all",
                X = new ChartAxis($"{report.Protocol.Pooling} activation over a text's tokens"),
                Y = new ChartAxis("share of texts", AxisScale.Logarithmic),
                Series =
                [
                    new ChartSeries(of.Label, [.. Steps(of.Density, of.Density.Members)], style with { Dash = Dash.Solid }),
                    new ChartSeries("the rest", [.. Steps(of.Density, of.Density.Others)], Palette.Style(1) with { Marker = Marker.None, Dash = Dash.LongDashes }),
                ],
            });
    }

    /// <summary>The outline of a histogram; an empty bin lies half a text above the axis, which has no zero.</summary>
    private IEnumerable<ChartPoint> Steps(ActivationDensity density, IReadOnlyList<double> shares)
    {
        double width = (density.To - density.From) / shares.Count, least = 0.5 / report.Texts;
        for (int i = 0; i < shares.Count; i++)
        {
            double y = Math.Max(shares[i], least);
            yield return new ChartPoint(density.From + i * width, y);
            yield return new ChartPoint(density.From + (i + 1) * width, y);
        }
    }
}
