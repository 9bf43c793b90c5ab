using Mxd.Figures;

namespace Mxd.Exploration.Judging;

/// <summary>The paper's figure of steering: for each file the mean of concept and fluency with the ellipse of one standard deviation, over its units' own points.</summary>
public static class JudgeFigure
{
    private const int Corners = 72;

    /// <summary>So that markers at 0 and 1 are seen whole.</summary>
    private const double Margin = 0.04;

    public static Chart Of(JudgeResult result)
    {
        var palette = new Palette();
        List<ChartSeries> series = [];
        foreach (JudgedSpread spread in result.Summary.Where(s => double.IsFinite(s.Concept)))
        {
            SeriesStyle style = palette.Next(spread.Type ?? "") with { HasLine = false };
            string name = result.Summary.Count(s => s.Type == spread.Type) == 1 && spread.Type is { } type ? type : Path.GetFileName(spread.File);
            series.Add(new ChartSeries("", [.. result.Scores.Where(s => s.File == spread.File).SelectMany(s => s.Points).Where(p => double.IsFinite(p.Concept)).Select(p => new ChartPoint(p.Concept, p.Fluency))], style with { IsHollow = true }));
            if (double.IsFinite(spread.Covariance)) series.Add(new ChartSeries("", [.. Ellipse(spread)], style with { Marker = Marker.None, HasLine = true }) { IsOutline = true });
            series.Add(new ChartSeries($"{name}, {spread.Units:n0} units", [new ChartPoint(spread.Concept, spread.Fluency)], style));
        }
        return new Chart
        {
            Title = "Steered units: are their samples about one thing, and are they text?",
            Subtitle = $"Filled: mean over units; ellipse: one standard deviation; hollow: each {(result.Judges is null ? "unit" : "judge's scores of each unit")}",
            X = new ChartAxis("concept") { Minimum = -Margin, Maximum = 1 + Margin },
            Y = new ChartAxis("fluency") { Minimum = -Margin, Maximum = 1 + Margin },
            Series = series,
        };
    }

    /// <summary>m + L (cos φ, sin φ), L Lᵀ the covariance: one standard deviation in every direction.</summary>
    private static IEnumerable<ChartPoint> Ellipse(JudgedSpread spread)
    {
        double first = Math.Sqrt(Math.Max(0, spread.ConceptVariance)), lower = first > 0 ? spread.Covariance / first : 0;
        double second = Math.Sqrt(Math.Max(0, spread.FluencyVariance - lower * lower));
        for (int corner = 0; corner <= Corners; corner++)
        {
            (double sin, double cos) = Math.SinCos(2 * Math.PI * corner / Corners);
            yield return new ChartPoint(spread.Concept + first * cos, spread.Fluency + lower * cos + second * sin);
        }
    }
}
