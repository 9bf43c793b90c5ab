namespace Mxd.Figures;

/// <summary>Draws a chart: the grid, bands, lines, markers, and labels beside the plot, at the height at which each line ends.</summary>
internal sealed class ChartDrawing(Chart chart, ChartLayout layout, ICanvas canvas)
{
    private const double LineWidth = 1.8, ReferenceWidth = 1.3, BandOpacity = 0.16, NameSize = 9.5, NameOffset = 8, MarkerSize = 4;

    /// <summary>Where markers and names of points stand.</summary>
    private readonly List<Frame> names = [];

    public void Draw()
    {
        Titles();
        Axes();
        foreach (ChartSeries series in chart.Series)
            names.AddRange(layout.Drawable(series).Select(p => layout.At(p.X, p.Y)).Select(at => new Frame(at.X - MarkerSize, at.Y - MarkerSize, at.X + MarkerSize, at.Y + MarkerSize)));
        canvas.BeginClip(layout.Plot);
        foreach (ChartBar bar in chart.Bars) Draw(bar);
        foreach (ChartReference reference in chart.References.Where(r => layout.Y.Contains(r.Y))) Draw(reference);
        foreach (ChartSeries series in chart.Series) Band([.. layout.Drawable(series).Where(p => double.IsFinite(p.Error))], series.Style);
        foreach (ChartSeries series in chart.Series) Draw(series);
        canvas.EndClip();
        foreach ((PlotEntry entry, double height) in layout.Entries(chart)) Draw(entry, height);
    }

    private void Titles()
    {
        double y = 14 + ChartLayout.TitleSize * 0.8;
        canvas.Text(new Place(layout.Plot.Left, y), chart.Title, new TextLook(ChartLayout.TitleSize));
        if (chart.Subtitle is { } subtitle) canvas.Text(new Place(layout.Plot.Left, y + ChartLayout.NoteSize + 7), subtitle, new TextLook(ChartLayout.NoteSize, Ink.Muted));
    }

    private void Axes()
    {
        Frame plot = layout.Plot;
        var grid = new Stroke(Ink.Grid, 0.7);
        var label = new TextLook(ChartLayout.TickSize);
        foreach (Tick tick in layout.XTicks)
        {
            double x = layout.AtX(tick.Value);
            canvas.Path([new(x, plot.Top), new(x, plot.Bottom + 4)], grid);
            canvas.Text(new Place(layout.LabelX(tick), plot.Bottom + 19), tick.Label, label with { Anchor = Anchor.Middle });
        }
        foreach (Tick tick in layout.YTicks)
        {
            double y = layout.AtY(tick.Value);
            canvas.Path([new(plot.Left - 4, y), new(plot.Right, y)], grid);
            canvas.Text(new Place(plot.Left - 8, y + 4), tick.Label, label with { Anchor = Anchor.End });
        }
        canvas.Path([new(plot.Left, plot.Top), new(plot.Left, plot.Bottom), new(plot.Right, plot.Bottom)], new Stroke(Ink.Axis, 1));
        var name = new TextLook(ChartLayout.LabelSize, Anchor: Anchor.Middle);
        canvas.Text(new Place((plot.Left + plot.Right) / 2, plot.Bottom + 39), chart.X.Label, name);
        canvas.Text(new Place(14 + ChartLayout.LabelSize * 0.8, (plot.Top + plot.Bottom) / 2), chart.Y.Label, name with { IsTurned = true });
    }

    private void Draw(ChartBar bar)
    {
        if (!double.IsFinite(bar.Height)) return;
        var frame = new Frame(layout.AtX(bar.From), layout.AtY(bar.Height), layout.AtX(bar.To), layout.AtY(0));
        canvas.Path(frame.Corners, new Stroke(Ink.Paper, 0.7), new Fill(Palette.Style(0).Colour));
    }

    private void Draw(ChartReference reference)
    {
        Frame plot = layout.Plot;
        if (double.IsFinite(reference.Error) && reference.Error > 0)
        {
            var band = new Frame(plot.Left, layout.AtY(reference.Y + reference.Error), plot.Right, layout.AtY(reference.Y - reference.Error));
            canvas.Path(band.Corners, null, new Fill(reference.Style.Colour, BandOpacity / 2));
        }
        double y = layout.AtY(reference.Y);
        canvas.Path([new(plot.Left, y), new(plot.Right, y)], new Stroke(reference.Style.Colour, ReferenceWidth, reference.Style.Dash));
    }

    private void Band(ChartPoint[] points, SeriesStyle style)
    {
        if (points.Length == 0) return;
        if (!style.HasLine || points.Length == 1)
        {
            foreach (ChartPoint point in points) ErrorBar(point, style);
            return;
        }
        canvas.Path(
            [.. points.Select(p => layout.At(p.X, p.High)), .. points.Reverse().Select(p => layout.At(p.X, p.Low))], null, new Fill(style.Colour, BandOpacity));
    }

    private void ErrorBar(ChartPoint point, SeriesStyle style)
    {
        (Place high, Place low) = (layout.At(point.X, point.High), layout.At(point.X, point.Low));
        var stroke = new Stroke(style.Colour, 1);
        canvas.Path([high, low], stroke);
        foreach (Place end in new[] { high, low }) canvas.Path([new(end.X - 3, end.Y), new(end.X + 3, end.Y)], stroke);
    }

    private void Draw(ChartSeries series)
    {
        IReadOnlyList<ChartPoint> points = layout.Drawable(series);
        if (series.Style.HasLine && points.Count > 1)
            canvas.Path([.. points.Select(p => layout.At(p.X, p.Y))], new Stroke(series.Style.Colour, LineWidth, series.Style.Dash));
        foreach (ChartPoint point in points)
        {
            Place at = layout.At(point.X, point.Y);
            MarkerDrawing.Draw(canvas, at, series.Style);
            if (point.Label is { } label) Name(at, label);
        }
    }

    /// <summary>Writes beside a marker, on the side where there is room; not at all where a marker or another name stands.</summary>
    private void Name(Place at, string text)
    {
        double width = FigureFont.Width(text, NameSize);
        bool isLeft = at.X + NameOffset + width > layout.Plot.Right;
        double left = isLeft ? at.X - NameOffset - width : at.X + NameOffset;
        var frame = new Frame(left, at.Y - NameSize / 2, left + width, at.Y + NameSize / 2);
        if (names.Exists(other => other.Overlaps(frame))) return;
        names.Add(frame);
        canvas.Text(new Place(left, at.Y + 3.5), text, new TextLook(NameSize, Ink.Muted));
    }

    private void Draw(PlotEntry entry, double height)
    {
        double left = layout.EntriesLeft, middle = left + ChartLayout.Sample / 2;
        if (entry.Start is { } start)
            canvas.Path([new(Math.Max(start.X + ChartLayout.LeaderGap, layout.Plot.Right), start.Y), new(left - 2, height)], new Stroke(Ink.Axis, 0.6));
        if (entry.Beyond != 0)
        {
            double tip = height + 5 * entry.Beyond, foot = height - 4 * entry.Beyond;
            canvas.Path([new(middle, tip), new(middle - 5, foot), new(middle + 5, foot)], null, new Fill(entry.Style.Colour));
        }
        else
        {
            if (entry.Style.HasLine) canvas.Path([new(left, height), new(left + ChartLayout.Sample, height)], new Stroke(entry.Style.Colour, LineWidth, entry.Style.Dash));
            MarkerDrawing.Draw(canvas, new Place(middle, height), entry.Style);
        }
        canvas.Text(new Place(left + ChartLayout.Sample + ChartLayout.Gap, height + 4), entry.Label, new TextLook(ChartLayout.EntrySize));
    }
}
