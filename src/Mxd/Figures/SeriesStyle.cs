namespace Mxd.Figures;

/// <summary>How a series looks. Colour, marker and dash each tell it from its neighbours, so that print in black and white can be read.</summary>
/// <param name="Colour">As <c>#rrggbb</c>.</param>
/// <param name="IsHollow">Markers drawn as outlines.</param>
/// <param name="HasLine">Are its points joined?</param>
public sealed record SeriesStyle(string Colour, Marker Marker, Dash Dash, bool IsHollow = false, bool HasLine = true);

/// <summary>What stands at each point.</summary>
public enum Marker
{
    None,
    Circle,
    Square,
    Triangle,
    Diamond,
    TriangleDown,
    Pentagon,
    Star,
}

/// <summary>What a line is made of.</summary>
public enum Dash
{
    Solid,
    LongDashes,
    ShortDashes,
    Dotted,
    DashDot,
}
