using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Mxd.Exploration.Reports;

/// <summary>
/// HTML that is safe to put into a page. Made of literals that say what they are; whatever is put into them is escaped, unless it is HTML itself:
/// <code>Html.Of($"&lt;td&gt;{name}&lt;/td&gt;")</code>
/// </summary>
public readonly record struct Html
{
    private readonly string? text;

    private Html(string text) => this.text = text;

    public static Html Empty => default;

    /// <summary>A literal with holes, which are escaped.</summary>
    public static Html Of(HtmlHandler handler) => new(handler.ToString());

    /// <summary>What is HTML already: style sheets, drawings. Never anything read from a file or typed by somebody.</summary>
    public static Html Trusted(string html) => new(html);

    /// <summary>One after the other.</summary>
    public static Html Join(IEnumerable<Html> parts) => new(string.Concat(parts.Select(p => p.text)));

    public override string ToString() => text ?? "";

    /// <summary>Text as HTML, for content and for attributes in double quotes. Control characters, which HTML forbids, become their pictures.</summary>
    internal static void Escape(StringBuilder html, string value)
    {
        foreach (char c in value)
            _ = c switch
            {
                '&' => html.Append("&amp;"),
                '<' => html.Append("&lt;"),
                '>' => html.Append("&gt;"),
                '"' => html.Append("&quot;"),
                '\'' => html.Append("&#39;"),
                '\n' or '\t' => html.Append(c),
                < ' ' => html.Append((char)('\u2400' + c)),
                '\u007f' => html.Append('\u2421'),
                >= '\u0080' and < '\u00a0' => html.Append('\ufffd'),
                _ => html.Append(c),
            };
    }
}

/// <summary>Fills the holes of <see cref="Html.Of"/>.</summary>
[InterpolatedStringHandler]
public readonly ref struct HtmlHandler(int literalLength, int formattedCount)
{
    private const int Hole = 16;

    private readonly StringBuilder html = new(literalLength + Hole * formattedCount);

    public void AppendLiteral(string value) => html.Append(value);

    public void AppendFormatted(Html value) => html.Append(value.ToString());

    public void AppendFormatted(IEnumerable<Html> values)
    {
        foreach (Html value in values) html.Append(value.ToString());
    }

    public void AppendFormatted(string? value) => Html.Escape(html, value ?? "");

    public void AppendFormatted<T>(T value, string? format = null) where T : IFormattable => Html.Escape(html, value.ToString(format, CultureInfo.InvariantCulture));

    public override string ToString() => html.ToString();
}
