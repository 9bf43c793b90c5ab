namespace Mxd.Figures;

/// <summary>Draws markers; all shapes have about the same area.</summary>
internal static class MarkerDrawing
{
    private const double Radius = 4.2;

    public static void Draw(ICanvas canvas, Place at, SeriesStyle style)
    {
        if (style.Marker == Marker.None) return;
        var stroke = new Stroke(style.Colour, style.IsHollow ? 1.6 : 1);
        var fill = new Fill(style.IsHollow ? Ink.Paper : style.Colour);
        if (style.Marker == Marker.Circle) canvas.Circle(at, Radius, stroke, fill);
        else canvas.Path([.. Outline(style.Marker).Select(p => new Place(at.X + p.X, at.Y + p.Y))], stroke, fill);
    }

    private static IEnumerable<Place> Outline(Marker marker) => marker switch
    {
        Marker.Square => Corners(4, Radius * 1.25, 45),
        Marker.Triangle => Corners(3, Radius * 1.4, -90),
        Marker.TriangleDown => Corners(3, Radius * 1.4, 90),
        Marker.Diamond => Corners(4, Radius * 1.35, 0),
        Marker.Pentagon => Corners(5, Radius * 1.15, -90),
        _ => Corners(5, Radius * 1.6, -90).Zip(Corners(5, Radius * 0.7, -54), (far, near) => new[] { far, near }).SelectMany(pair => pair),
    };

    private static IEnumerable<Place> Corners(int count, double radius, double firstDegrees) => Enumerable.Range(0, count)
        .Select(i => (firstDegrees + 360.0 * i / count) * Math.PI / 180)
        .Select(angle => new Place(radius * Math.Cos(angle), radius * Math.Sin(angle)));
}
