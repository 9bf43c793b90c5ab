using SkiaSharp;

namespace Mxd.Figures;

/// <summary>
/// The font of figures. It comes with the library: a machine without any font, or without fontconfig, draws the same text. DejaVu Sans is as wide as
/// Verdana and wider than other sans serifs, so what was laid out with it fits when a page draws an SVG's text with another.
/// </summary>
internal static class FigureFont
{
    /// <summary>What an SVG asks for.</summary>
    public const string Families = "DejaVu Sans, Verdana, sans-serif";

    private static readonly Lazy<SKTypeface> typeface = new(() =>
    {
        using Stream font = typeof(FigureFont).Assembly.GetManifestResourceStream("figure-font.ttf")!;
        return SKTypeface.FromStream(font);
    });

    public static SKFont OfSize(double size) => new(typeface.Value, (float)size) { Subpixel = true, LinearMetrics = true, Hinting = SKFontHinting.None, Edging = SKFontEdging.Antialias };

    /// <summary>Width of a line of text.</summary>
    public static double Width(string text, double size)
    {
        using SKFont font = OfSize(size);
        return font.MeasureText(text);
    }
}
