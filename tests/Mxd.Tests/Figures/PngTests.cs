using Mxd.Figures;
using SkiaSharp;

namespace Mxd.Tests.Figures;

public class PngTests
{
    [Fact]
    public void Png_HasTwoPixelsAUnit_AndIsNotBlank()
    {
        using SKBitmap picture = Decode(SampleCharts.Frontier);

        Assert.Equal(1600, picture.Width);
        Assert.True(picture.Height >= 920);
        Assert.InRange(InkShare(picture, new SKRectI(0, 0, picture.Width, picture.Height)), 0.01, 0.5);
    }

    [Fact]
    public void Png_ShowsItsText_WithTheFontThatComesAlong()
    {
        // A chart with other words differs where the words stand, and nowhere in the plot.
        using SKBitmap some = Decode(SampleCharts.Frontier), other = Decode(SampleCharts.Frontier with { Title = "iiiiiiii", Subtitle = "l" });
        var title = new SKRectI(120, 20, 900, 90);

        Assert.True(InkShare(some, title) > 2 * InkShare(other, title));
        Assert.True(InkShare(other, title) > 0);
        Assert.Equal(InkShare(some, new SKRectI(0, 200, 1600, 900)), InkShare(other, new SKRectI(0, 200, 1600, 900)));
    }

    [Theory]
    [InlineData("λ ± × ≥ – — … é ‖ → ₂")]
    [InlineData("0123456789 KMG, %")]
    public void TheFont_HasAllThatFiguresWrite(string text)
    {
        using SKFont font = FigureFont.OfSize(12);
        Assert.All(text.EnumerateRunes(), rune => Assert.NotEqual(0, font.GetGlyph(rune.Value)));
        Assert.True(FigureFont.Width("MMM", 12) > FigureFont.Width("iii", 12));
    }

    private static SKBitmap Decode(Chart chart) => SKBitmap.Decode(Figure.Png(chart));

    /// <summary>Share of pixels that are not white.</summary>
    private static double InkShare(SKBitmap picture, SKRectI area)
    {
        int inked = 0;
        for (int y = area.Top; y < area.Bottom; y++)
            for (int x = area.Left; x < area.Right; x++)
                if (picture.GetPixel(x, y) != SKColors.White) inked++;
        return inked / (double)(area.Width * area.Height);
    }
}
