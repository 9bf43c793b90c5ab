using Mxd.Figures;

namespace Mxd.Tests.Figures;

/// <summary>Charts with something of everything.</summary>
internal static class SampleCharts
{
    private static readonly double[] ks = [8, 16, 32, 64];

    public static Chart Frontier { get; } = new()
    {
        Title = "Cross-entropy <with the layer> & without",
        Subtitle = "bands: ± one standard error",
        X = new ChartAxis("K, units active on a token", AxisScale.Logarithmic),
        Y = new ChartAxis("cross-entropy (nats)"),
        Series = [Line("mxd", 0, [4.2303, 4.2305, 4.2310, 4.2310], 0.001), Line("transcoder", 1, [4.2552, 4.2531, 4.2470, 4.2435], double.NaN)],
        References =
        [
            new ChartReference("the model itself", 4.2230, Plain, KeepInView: true), new ChartReference("MLP set to zero", 4.9, Plain), new ChartReference("linear", 4.2600, Plain),
        ],
    };

    public static SeriesStyle Plain => new(Palette.Grey, Marker.None, Dash.Dotted);

    public static ChartSeries Line(string label, int place, double[] values, double error) =>
        new(label, [.. ks.Zip(values, (k, y) => new ChartPoint(k, y, error))], Palette.Style(place));
}
