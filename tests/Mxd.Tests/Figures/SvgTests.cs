using System.Globalization;
using System.Xml.Linq;
using Mxd.Figures;

namespace Mxd.Tests.Figures;

public class SvgTests
{
    private static readonly XNamespace svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void Svg_HasEveryLabelAsText()
    {
        string[] texts = Texts(SampleCharts.Frontier);

        foreach (string label in new[]
                 {
                     "Cross-entropy <with the layer> & without", "bands: ± one standard error", "K, units active on a token", "cross-entropy (nats)", "mxd", "transcoder", "the model itself",
                     "MLP set to zero", "linear", "8", "16", "32", "64", "4.230", "4.255",
                 })
            Assert.Contains(label, texts);
    }

    [Fact]
    public void Svg_KeepsWithinItsViewBox()
    {
        XElement root = Root(SampleCharts.Frontier);
        double[] box = Numbers(root.Attribute("viewBox")!.Value);
        foreach (XElement shape in root.Descendants().Where(e => e.Attribute("points") is not null))
        {
            double[] numbers = Numbers(shape.Attribute("points")!.Value.Replace(',', ' '));
            Assert.All(numbers.Where((_, i) => i % 2 == 0), x => Assert.InRange(x, 0, box[2]));
            Assert.All(numbers.Where((_, i) => i % 2 == 1), y => Assert.InRange(y, 0, box[3]));
        }
        Assert.All(root.Elements(svg + "text"), text => Assert.InRange(Number(text, "x") + TextWidth(text), 0, box[2]));
    }

    [Fact]
    public void Svg_OfAPage_WritesInThePagesColours_AndHasNoIds()
    {
        XElement page = XDocument.Parse(Figure.Svg(SampleCharts.Frontier, background: null)).Root!;

        Assert.DoesNotContain(page.Elements(svg + "rect"), rect => rect.Attribute("fill")?.Value == "#ffffff");
        Assert.Contains(page.Descendants(svg + "text"), text => text.Attribute("fill")!.Value == "currentColor");
        Assert.Null(page.Attribute("color"));
        Assert.DoesNotContain(page.DescendantsAndSelf(), e => e.Attribute("id") is not null);
        Assert.Equal("#ffffff", Root(SampleCharts.Frontier).Element(svg + "rect")!.Attribute("fill")!.Value);
    }

    [Fact]
    public void Svg_PutsPointsWhereTheyBelong()
    {
        // Equal factors are equally far apart; lower values lie lower.
        XElement plot = Root(SampleCharts.Frontier).Element(svg + "svg")!;
        double[] xs = [.. plot.Elements(svg + "circle").Select(c => Number(c, "cx"))];
        double[] ys = [.. plot.Elements(svg + "circle").Select(c => Number(c, "cy"))];

        Assert.Equal(4, xs.Length);
        Assert.Equal(xs[1] - xs[0], xs[2] - xs[1], 0.02);
        Assert.Equal(xs[1] - xs[0], xs[3] - xs[2], 0.02);
        Assert.Equal((4.2310 - 4.2303) / (4.2310 - 4.2305), (ys[0] - ys[2]) / (ys[1] - ys[2]), 0.01);
    }

    [Fact]
    public void AReferenceFarOff_IsNamedAndNotDrawn()
    {
        XElement root = Root(SampleCharts.Frontier);
        XElement plot = root.Element(svg + "svg")!;

        // Lines across the plot: the model and the linear control, not the ablation at 4.9.
        double[] box = Numbers(plot.Attribute("viewBox")!.Value);
        Assert.Equal(2, plot.Elements(svg + "polyline").Count(line => Across(line, box[0], box[0] + box[2])));
        double[] ticks = [.. Texts(SampleCharts.Frontier).Select(t => double.TryParse(t, CultureInfo.InvariantCulture, out double value) ? value : 0).Where(v => v is > 4 and < 5)];
        Assert.True(ticks.Max() < 4.3);
    }

    [Fact]
    public void Svg_OfNothing_IsStillAChart() =>
        Assert.Contains("nothing here", Texts(new Chart { Title = "nothing here", X = new ChartAxis("x"), Y = new ChartAxis("y") }));

    [Fact]
    public void Svg_LeavesOutWhatCannotBePlaced()
    {
        var chart = new Chart
        {
            Title = "t",
            X = new ChartAxis("x", AxisScale.Logarithmic),
            Y = new ChartAxis("y"),
            Series = [new ChartSeries("s", [new(0, 1), new(2, double.NaN), new(4, 3), new(8, 2)], Palette.Style(0))],
        };

        Assert.Equal(2, Root(chart).Element(svg + "svg")!.Elements(svg + "circle").Count());
        Assert.DoesNotContain("NaN", Figure.Svg(chart), StringComparison.Ordinal);
    }

    [Fact]
    public void Bars_StandOnZero()
    {
        var chart = new Chart { Title = "t", X = new ChartAxis("x"), Y = new ChartAxis("y"), Bars = [new(0, 1, 5), new(1, 2, 10)] };
        XElement plot = Root(chart).Element(svg + "svg")!;
        double[][] bars = [.. plot.Elements(svg + "polygon").Select(p => Numbers(p.Attribute("points")!.Value.Replace(',', ' ')))];

        Assert.Equal(2, bars.Length);
        Assert.Equal(bars[0][7], bars[1][7], 0.01);
        Assert.Equal(2 * (bars[0][7] - bars[0][1]), bars[1][7] - bars[1][1], 0.05);
    }

    [Fact]
    public void Bars_OfNoHeight_StandOnZeroToo()
    {
        var chart = new Chart { Title = "t", X = new ChartAxis("x"), Y = new ChartAxis("y"), Bars = [new(0, 1, 0), new(1, 2, 0)] };
        Assert.DoesNotContain(Texts(chart), text => text.StartsWith('-'));
        Assert.Contains("0", Texts(chart));
    }

    [Fact]
    public void TheFirstLabelOfTheXAxis_KeepsClearOfThoseOfTheYAxis()
    {
        var chart = new Chart { Title = "t", X = new ChartAxis("x", AxisScale.Logarithmic) { Minimum = 0.0001, Maximum = 1 }, Y = new ChartAxis("y"), Bars = [new(0.0001, 0.001, 5)] };
        XElement[] texts = [.. Root(chart).Elements(svg + "text")];
        XElement first = texts.Single(t => t.Value == "0.0001"), zero = texts.Single(t => t.Value == "0");
        Assert.True(Number(first, "x") - FigureFont.Width("0.0001", Number(first, "font-size")) / 2 >= Number(zero, "x"), Figure.Svg(chart));
    }

    private static bool Across(XElement line, double left, double right) =>
        Numbers(line.Attribute("points")!.Value.Replace(',', ' ')) is { Length: 4 } ends && Math.Abs(ends[0] - left) < 0.02 && Math.Abs(ends[2] - right) < 0.02;

    private static XElement Root(Chart chart) => XDocument.Parse(Figure.Svg(chart)).Root!;

    private static string[] Texts(Chart chart) => [.. Root(chart).Descendants(svg + "text").Select(e => e.Value)];

    private static double[] Numbers(string text) => [.. text.Split(' ').Select(n => double.Parse(n, CultureInfo.InvariantCulture))];

    private static double Number(XElement element, string attribute) => double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);

    private static double TextWidth(XElement text) => text.Attribute("transform") is not null ? 0
        : FigureFont.Width(text.Value, Number(text, "font-size")) * (text.Attribute("text-anchor")?.Value switch { "middle" => 0.5, "end" => 0, _ => 1 });
}
