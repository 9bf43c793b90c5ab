using SkiaSharp;

namespace Mxd.Figures;

/// <summary>Draws pixels, on white.</summary>
internal sealed class PngCanvas : ICanvas, IDisposable
{
    private readonly SKSurface surface;

    /// <param name="scale">Pixels for a unit of the drawing.</param>
    public PngCanvas(double width, double height, double scale)
    {
        surface = SKSurface.Create(new SKImageInfo((int)Math.Ceiling(width * scale), (int)Math.Ceiling(height * scale)));
        surface.Canvas.Clear(SKColors.White);
        surface.Canvas.Scale((float)scale);
    }

    public byte[] Encode()
    {
        using SKImage image = surface.Snapshot();
        using SKData data = image.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    public void Path(IReadOnlyList<Place> points, Stroke? stroke, Fill? fill = null)
    {
        using var builder = new SKPath();
        builder.AddPoly([.. points.Select(p => new SKPoint((float)p.X, (float)p.Y))], close: fill is not null);
        Paint(stroke, fill, paint => surface.Canvas.DrawPath(builder, paint));
    }

    public void Circle(Place centre, double radius, Stroke? stroke, Fill? fill) =>
        Paint(stroke, fill, paint => surface.Canvas.DrawCircle((float)centre.X, (float)centre.Y, (float)radius, paint));

    public void Text(Place at, string text, TextLook look)
    {
        using SKFont font = FigureFont.OfSize(look.Size);
        using var paint = new SKPaint { Color = Colour(look.Colour), IsAntialias = true };
        SKTextAlign align = look.Anchor switch { Anchor.Middle => SKTextAlign.Center, Anchor.End => SKTextAlign.Right, _ => SKTextAlign.Left };
        SKCanvas canvas = surface.Canvas;
        canvas.Save();
        canvas.Translate((float)at.X, (float)at.Y);
        if (look.IsTurned) canvas.RotateDegrees(-90);
        canvas.DrawText(text, 0, 0, align, font, paint);
        canvas.Restore();
    }

    public void BeginClip(Frame frame)
    {
        surface.Canvas.Save();
        surface.Canvas.ClipRect(new SKRect((float)frame.Left, (float)frame.Top, (float)frame.Right, (float)frame.Bottom), antialias: true);
    }

    public void EndClip() => surface.Canvas.Restore();

    public void Dispose() => surface.Dispose();

    private static void Paint(Stroke? stroke, Fill? fill, Action<SKPaint> draw)
    {
        if (fill is not null)
        {
            using var paint = new SKPaint { Color = Colour(fill.Colour).WithAlpha((byte)Math.Round(255 * fill.Opacity)), IsAntialias = true };
            draw(paint);
        }
        if (stroke is not null)
        {
            using var paint = new SKPaint { Color = Colour(stroke.Colour), IsAntialias = true, IsStroke = true, StrokeWidth = (float)stroke.Width, StrokeJoin = SKStrokeJoin.Round };
            using SKPathEffect? dashes = stroke.Lengths is { Length: > 0 } lengths ? SKPathEffect.CreateDash([.. lengths.Select(l => (float)l)], 0) : null;
            paint.PathEffect = dashes;
            draw(paint);
        }
    }

    private static SKColor Colour(string colour) => colour switch
    {
        Ink.Text => new SKColor(0x11, 0x11, 0x11),
        Ink.Paper => SKColors.White,
        _ => SKColor.Parse(colour),
    };
}
