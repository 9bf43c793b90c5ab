namespace Mxd.Figures;

/// <summary>A figure of one panel: lines with bands, horizontal reference lines, or bars. Nothing in it knows what it is drawn on.</summary>
public sealed record Chart
{
    public required string Title { get; init; }

    /// <summary>A second line under the title: what bands are, what was left out.</summary>
    public string? Subtitle { get; init; }

    public required ChartAxis X { get; init; }

    public required ChartAxis Y { get; init; }

    public IReadOnlyList<ChartSeries> Series { get; init; } = [];

    public IReadOnlyList<ChartReference> References { get; init; } = [];

    public IReadOnlyList<ChartBar> Bars { get; init; } = [];

    /// <summary>Units of the drawing; a PNG has a multiple of them in pixels.</summary>
    public int Width { get; init; } = 800;

    /// <summary>At least; more where the labels beside the plot need it.</summary>
    public int Height { get; init; } = 460;
}

/// <summary>An axis; what is not set follows from the data.</summary>
public sealed record ChartAxis(string Label, AxisScale Scale = AxisScale.Linear)
{
    public double? Minimum { get; init; }

    public double? Maximum { get; init; }

    /// <summary>Of an axis of things that have no order: what stands at 0, 1, 2 and so on.</summary>
    public IReadOnlyList<string>? Names { get; init; }
}

/// <summary>How values become places.</summary>
public enum AxisScale
{
    Linear,

    /// <summary>Equal factors are equally far apart; ticks at powers of two where numbers are small, at 1, 2 and 5 otherwise.</summary>
    Logarithmic,
}

/// <summary>A line with markers and, where its points have errors, a band of one error to each side.</summary>
/// <param name="Label">Beside the plot; an empty one is left out.</param>
public sealed record ChartSeries(string Label, IReadOnlyList<ChartPoint> Points, SeriesStyle Style)
{
    /// <summary>Are the points joined in the order they are given, and not from left to right?</summary>
    public bool IsOutline { get; init; }
}

/// <summary>A point of a series.</summary>
/// <param name="Error">Half the height of the band; not a number where there is none.</param>
/// <param name="Label">Written beside the marker.</param>
public readonly record struct ChartPoint(double X, double Y, double Error = double.NaN, string? Label = null)
{
    public double Low => Y - (double.IsFinite(Error) ? Error : 0);

    public double High => Y + (double.IsFinite(Error) ? Error : 0);
}

/// <summary>A horizontal line across the plot. One that would squash the data is named at the edge instead, with an arrow.</summary>
/// <param name="KeepInView">The axis reaches it, whatever that does to the data.</param>
public sealed record ChartReference(string Label, double Y, SeriesStyle Style, double Error = double.NaN, bool KeepInView = false);

/// <summary>A bar from zero to <paramref name="Height"/> over [From, To].</summary>
public sealed record ChartBar(double From, double To, double Height);
