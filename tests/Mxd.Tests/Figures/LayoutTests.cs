using CsCheck;
using Mxd.Figures;

namespace Mxd.Tests.Figures;

public class LayoutTests
{
    [Fact]
    public void Labels_NeverTouch_KeepTheirOrder_AndStayInside() => Gen.Double[0, 300].Array[1, 14].Sample(heights =>
    {
        double[] wanted = [.. heights.Order()];
        IReadOnlyList<double> placed = PlotEntry.Spread(wanted, 0, 300);
        Assert.Equal(wanted.Length, placed.Count);
        for (int i = 1; i < placed.Count; i++) Assert.True(placed[i] - placed[i - 1] >= PlotEntry.LineHeight - 1e-9);
        Assert.InRange(placed[0], -1e-9, 300);
        Assert.InRange(placed[^1], 0, 300 + 1e-9);
    });

    [Fact]
    public void Labels_WithRoom_StandWhereTheyShould() => Assert.Equal([10, 100, 200], PlotEntry.Spread([10, 100, 200], 0, 300));

    [Fact]
    public void TwoLabelsAtOneHeight_StandAroundIt() => Assert.Equal([91, 109], PlotEntry.Spread([100, 100], 0, 300));

    [Theory]
    [InlineData(7, 70, AxisScale.Logarithmic, "8 16 32 64")]
    [InlineData(0.0001, 1, AxisScale.Logarithmic, "0.0001 0.001 0.01 0.1 1")]
    [InlineData(1_000_000, 20_000_000, AxisScale.Logarithmic, "1 M|2 M|5 M|10 M|20 M")]
    [InlineData(30, 33, AxisScale.Logarithmic, "30.0 30.5 31.0 31.5 32.0 32.5 33.0")]
    [InlineData(0, 1, AxisScale.Linear, "0 0.2 0.4 0.6 0.8 1.0")]
    [InlineData(4.2285, 4.2315, AxisScale.Linear, "4.2285 4.2290 4.2295 4.2300 4.2305 4.2310 4.2315")]
    [InlineData(5_300_000, 5_600_000, AxisScale.Linear, "5.30 M|5.35 M|5.40 M|5.45 M|5.50 M|5.55 M|5.60 M")]
    [InlineData(-0.3, 0.3, AxisScale.Linear, "-0.3 -0.2 -0.1 0 0.1 0.2 0.3")]
    public void Ticks_AreRoundNumbers_InTheDigitsThatTellThemApart(double low, double high, AxisScale scale, string labels) =>
        Assert.Equal(labels.Split(labels.Contains('|', StringComparison.Ordinal) ? '|' : ' '), AxisTicks.Of(new AxisRange(low, high, scale), 6).Select(t => t.Label));

    [Theory]
    [InlineData(460)]
    [InlineData(800)]
    public void Ticks_OfALogarithmicAxis_LeaveSpaceBetweenTheirLabels(int width)
    {
        for (double low = 1; low > 1e-7; low *= 0.7)
        {
            var layout = new ChartLayout(new Chart { Title = "t", X = new ChartAxis("x", AxisScale.Logarithmic) { Minimum = low / 2, Maximum = 1 }, Y = new ChartAxis("y"), Bars = [new(low, 1, 5)], Width = width });
            Assert.True(layout.XTicks.Count >= 2);
            foreach ((Tick left, Tick right) in layout.XTicks.Zip(layout.XTicks.Skip(1)))
                Assert.True(layout.LabelX(right) - layout.LabelX(left) > (Width(left) + Width(right)) / 2 + 3, $"{left.Label} and {right.Label} touch in {low / 2} to 1.");
        }

        static double Width(Tick tick) => FigureFont.Width(tick.Label, ChartLayout.TickSize);
    }

    [Fact]
    public void EachLayerType_HasAStyleOfItsOwn()
    {
        var palette = new Palette();
        SeriesStyle[] styles = [.. Mxd.Layers.LayerTypes.Names.Concat(["mxd", "transcoder"]).Select(palette.Next)];

        Assert.Equal(styles.Length, styles.Distinct().Count());
        Assert.All(styles.GroupBy(s => s.Colour), same => Assert.Equal(same.Count(), same.Select(s => s.Marker).Distinct().Count()));
        Assert.All(styles.GroupBy(s => s.Marker), same => Assert.Equal(same.Count(), same.Select(s => (s.Colour, s.Dash)).Distinct().Count()));
    }
}
