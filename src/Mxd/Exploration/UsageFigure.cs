using Mxd.Figures;
using Mxd.Training;

namespace Mxd.Exploration;

/// <summary>How often the units of layers are active: units by the share of tokens they are active on, a line a layer.</summary>
public static class UsageFigure
{
    /// <summary>Of layers looked at on the same text.</summary>
    /// <param name="layers">Run folder, kind of layer and use of each, at least one.</param>
    public static Chart Of(IReadOnlyList<(RunFolder Run, string Type, UsageSummary Use)> layers)
    {
        var palette = new Palette();
        IReadOnlyList<string> names = RunFolder.ShortNames([.. layers.Select(layer => layer.Run)]);
        UsageSummary first = layers[0].Use;
        return new Chart
        {
            Title = "Units by how often they are active",
            Subtitle = $"{first.Tokens:n0} tokens of {first.Contexts:n0} contexts; four bins a power of ten; of each layer, the units active on none of them are in its name",
            X = new ChartAxis("share of tokens on which a unit is active", AxisScale.Logarithmic),
            Y = new ChartAxis("units") { Minimum = 0 },
            Series =
            [
                .. layers.Select((layer, i) => new ChartSeries(
                    $"{names[i]}, {layer.Use.Never:n0} of {layer.Use.Units:n0} never", [.. Outline(layer.Use.Histogram)], palette.Next(layer.Type) with { Marker = Marker.None })
                {
                    IsOutline = true,
                }),
            ],
        };
    }

    private static IEnumerable<ChartPoint> Outline(UsageHistogram bins)
    {
        for (int i = 0; i < bins.Counts.Count; i++)
        {
            yield return new ChartPoint(Math.Pow(10, bins.First + i * bins.Width), bins.Counts[i]);
            yield return new ChartPoint(Math.Pow(10, bins.First + (i + 1) * bins.Width), bins.Counts[i]);
        }
    }
}
