using System.Globalization;
using System.Security;
using System.Text;

namespace Mxd.Figures;

/// <summary>Writes SVG: shapes with rounded numbers, text as text.</summary>
/// <param name="paper">Colour of the ground; null leaves it to the page, with text in the page's own colour.</param>
internal sealed class SvgCanvas(string? paper) : ICanvas
{
    private readonly StringBuilder body = new();
    private int clips;

    /// <summary>The whole document.</summary>
    public string Document(double width, double height, string title)
    {
        string ground = paper is null ? "" : $"<rect width=\"{N(width)}\" height=\"{N(height)}\" fill=\"{paper}\"/>\n";
        string ink = paper is null ? "" : " color=\"#111111\"";
        return $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {N(width)} {N(height)}\" width=\"{N(width)}\" height=\"{N(height)}\" "
            + $"style=\"max-width:100%;height:auto\" role=\"img\" font-family=\"{FigureFont.Families}\"{ink}>\n<title>{Escape(title)}</title>\n{ground}{body}</svg>\n";
    }

    public void Path(IReadOnlyList<Place> points, Stroke? stroke, Fill? fill = null)
    {
        body.Append(fill is null ? "<polyline points=\"" : "<polygon points=\"")
            .AppendJoin(' ', points.Select(p => $"{N(p.X)},{N(p.Y)}")).Append('"')
            .Append(Attributes(stroke, fill)).Append("/>\n");
    }

    public void Circle(Place centre, double radius, Stroke? stroke, Fill? fill) =>
        body.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{N(centre.X)}\" cy=\"{N(centre.Y)}\" r=\"{N(radius)}\"{Attributes(stroke, fill)}/>\n");

    public void Text(Place at, string text, TextLook look)
    {
        string anchor = look.Anchor switch { Anchor.Middle => " text-anchor=\"middle\"", Anchor.End => " text-anchor=\"end\"", _ => "" };
        string turn = look.IsTurned ? $" transform=\"rotate(-90 {N(at.X)} {N(at.Y)})\"" : "";
        body.Append(CultureInfo.InvariantCulture,
            $"<text x=\"{N(at.X)}\" y=\"{N(at.Y)}\" font-size=\"{N(look.Size)}\" fill=\"{Colour(look.Colour)}\"{anchor}{turn}>{Escape(text)}</text>\n");
    }

    /// <summary>A nested drawing clips by itself and needs no id, which two figures in one page might share.</summary>
    public void BeginClip(Frame frame)
    {
        clips++;
        body.Append(CultureInfo.InvariantCulture,
            $"<svg x=\"{N(frame.Left)}\" y=\"{N(frame.Top)}\" width=\"{N(frame.Width)}\" height=\"{N(frame.Height)}\" viewBox=\"{N(frame.Left)} {N(frame.Top)} {N(frame.Width)} {N(frame.Height)}\" overflow=\"hidden\">\n");
    }

    public void EndClip()
    {
        if (clips-- < 1) throw new InvalidOperationException("No clip was begun.");
        body.Append("</svg>\n");
    }

    private string Attributes(Stroke? stroke, Fill? fill)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $" fill=\"{(fill is null ? "none" : Colour(fill.Colour))}\"");
        if (fill is { Opacity: < 1 }) text.Append(CultureInfo.InvariantCulture, $" fill-opacity=\"{N(fill.Opacity)}\"");
        if (stroke is null) return text.ToString();
        text.Append(CultureInfo.InvariantCulture, $" stroke=\"{Colour(stroke.Colour)}\" stroke-width=\"{N(stroke.Width)}\" stroke-linejoin=\"round\"");
        if (stroke.Lengths is { Length: > 0 } lengths) text.Append(" stroke-dasharray=\"").AppendJoin(' ', lengths.Select(N)).Append('"');
        return text.ToString();
    }

    private string Colour(string colour) => colour switch
    {
        Ink.Text or Palette.Black => "currentColor",
        Ink.Paper => paper ?? "none",
        _ => colour,
    };

    private static string Escape(string text) => SecurityElement.Escape(text);

    private static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
