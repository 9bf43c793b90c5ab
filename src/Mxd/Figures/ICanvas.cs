namespace Mxd.Figures;

/// <summary>What a chart is drawn on. Lengths are the chart's units, y grows downwards.</summary>
internal interface ICanvas
{
    /// <summary>A line through points, closed and filled where a fill is given.</summary>
    void Path(IReadOnlyList<Place> points, Stroke? stroke, Fill? fill = null);

    void Circle(Place centre, double radius, Stroke? stroke, Fill? fill);

    /// <summary>Text on a baseline; upwards along the y axis where it is turned.</summary>
    void Text(Place at, string text, TextLook look);

    /// <summary>Lets nothing be seen outside a rectangle until <see cref="EndClip"/>.</summary>
    void BeginClip(Frame frame);

    void EndClip();
}

/// <summary>A point of the drawing.</summary>
internal readonly record struct Place(double X, double Y);

/// <summary>A rectangle of the drawing.</summary>
internal readonly record struct Frame(double Left, double Top, double Right, double Bottom)
{
    public double Width => Right - Left;

    public double Height => Bottom - Top;

    public bool Overlaps(Frame other) => Left < other.Right && other.Left < Right && Top < other.Bottom && other.Top < Bottom;

    public IReadOnlyList<Place> Corners => [new(Left, Top), new(Right, Top), new(Right, Bottom), new(Left, Bottom)];
}

/// <summary>How a line is drawn.</summary>
internal sealed record Stroke(string Colour, double Width, Dash Dash = Dash.Solid)
{
    /// <summary>Lengths of dashes and gaps, in units of the drawing; empty for an unbroken line.</summary>
    public double[] Lengths => Dash switch
    {
        Dash.LongDashes => [9, 4],
        Dash.ShortDashes => [5, 3],
        Dash.Dotted => [1.5, 3],
        Dash.DashDot => [9, 3, 2, 3],
        _ => [],
    };
}

/// <summary>How an area is filled.</summary>
internal sealed record Fill(string Colour, double Opacity = 1);

/// <summary>How text looks.</summary>
internal sealed record TextLook(double Size, string Colour = Ink.Text, Anchor Anchor = Anchor.Start, bool IsTurned = false);

/// <summary>Which part of a text its place is.</summary>
internal enum Anchor
{
    Start,
    Middle,
    End,
}

/// <summary>Colours that a page may change: what is written, and what it is written on.</summary>
internal static class Ink
{
    public const string Text = "ink", Paper = "paper", Grid = "#d4d4d4", Axis = "#808080", Muted = "#666666";
}
