using Mxd.Runtime;

namespace Mxd.Figures;

/// <summary>A chart as a picture. Both kinds are drawn by the same code and look the same.</summary>
public static class Figure
{
    /// <summary>Pixels for a unit of the drawing: sharp on paper at a column's width.</summary>
    private const double DefaultScale = 2;

    /// <summary>A picture of pixels, on white.</summary>
    public static byte[] Png(Chart chart, double scale = DefaultScale)
    {
        var layout = new ChartLayout(chart);
        using var canvas = new PngCanvas(layout.Width, layout.Height, scale);
        new ChartDrawing(chart, layout, canvas).Draw();
        return canvas.Encode();
    }

    /// <summary>An SVG document with text that can be selected, without ids, so that any number fit into one page.</summary>
    /// <param name="chart">What to draw.</param>
    /// <param name="background">Colour of the ground; null leaves it to the page, and writes in the page's own colour.</param>
    public static string Svg(Chart chart, string? background = "#ffffff")
    {
        var layout = new ChartLayout(chart);
        var canvas = new SvgCanvas(background);
        new ChartDrawing(chart, layout, canvas).Draw();
        return canvas.Document(layout.Width, layout.Height, chart.Title);
    }

    /// <summary>Writes NAME.png and NAME.svg into a folder.</summary>
    public static void Save(Chart chart, string folder, string name)
    {
        AtomicFile.Write(Path.Combine(folder, name + ".png"), stream => stream.Write(Png(chart)));
        AtomicFile.WriteAllText(Path.Combine(folder, name + ".svg"), Svg(chart));
    }
}
