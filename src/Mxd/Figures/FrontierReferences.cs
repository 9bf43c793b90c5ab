using System.Globalization;
using Mxd.Evaluation.Frontiers;

namespace Mxd.Figures;

/// <summary>Horizontal lines of a frontier: the model itself, its MLP ablated, and the controls, which have no K. Each label ends with the value.</summary>
internal sealed class FrontierReferences(Frontier frontier, LineStyles styles)
{
    private readonly FrontierPoint any = frontier.Points.First(p => p.Source is null);

    public IReadOnlyList<ChartReference> CrossEntropy =>
    [
        Model(any[Measure.Model].Mean, "f4"), Ablated("MLP set to zero", any[Measure.ZeroAblated].Mean, Dash.Dotted, "f4"),
        Ablated("MLP set to its mean", any[Measure.MeanAblated].Mean, Dash.DashDot, "f4"), .. Controls(Measure.Spliced, Measure.Increase, "f4"),
    ];

    public IReadOnlyList<ChartReference> Recovered =>
    [
        Model(1, "f0"), Ablated("MLP set to zero", 0, Dash.Dotted, "f0"), Ablated("MLP set to its mean", OfMean, Dash.DashDot, "f3"),
        .. Controls(Measure.Recovered, Measure.Recovered, "f3"),
    ];

    /// <summary>What the mean output recovers, by the definition of <see cref="Measure.Recovered"/>.</summary>
    private double OfMean => (any[Measure.ZeroAblated].Mean - any[Measure.MeanAblated].Mean) / (any[Measure.ZeroAblated].Mean - any[Measure.Model].Mean);

    public IReadOnlyList<ChartReference> Controls(Measure measure, Measure error, string format) =>
    [
        .. frontier.Lines.Where(l => l.IsControl).SelectMany(l => l.Points.Select(p => new ChartReference(
            Label(p.Line, p[measure].Mean, format), p[measure].Mean, styles[l] with { Marker = Marker.None }, p[error].StandardError))),
    ];

    private static ChartReference Model(double value, string format) =>
        new(Label("the model itself", value, format), value, new SeriesStyle(Palette.Black, Marker.None, Dash.Solid), KeepInView: true);

    private static ChartReference Ablated(string label, double value, Dash dash, string format) =>
        new(Label(label, value, format), value, new SeriesStyle(Palette.Grey, Marker.None, dash));

    private static string Label(string label, double value, string format) => $"{label} {value.ToString(format, CultureInfo.InvariantCulture)}";
}
