namespace Mxd.Figures;

/// <summary>Where everything of a chart goes: ranges, ticks, the plot's frame and the labels beside it.</summary>
internal sealed class ChartLayout
{
    public const double TickSize = 11, LabelSize = 12, TitleSize = 15, NoteSize = 11, EntrySize = 11.5;

    /// <summary>Length of a sample line in a label, and the space around it.</summary>
    public const double Sample = 30, Gap = 7;

    /// <summary>Between a line's end and the thin line that leads to its label.</summary>
    public const double LeaderGap = 6;

    private const double LeastPlot = 320, Edge = 14, EntryOffset = 14, LeastBetweenTicks = 6, TickReach = 6;

    public ChartLayout(Chart chart)
    {
        X = AxisRange.Of([.. chart.Series.SelectMany(s => s.Points).Select(p => p.X), .. chart.Bars.SelectMany(b => new[] { b.From, b.To })], chart.X);
        Y = AxisRange.Of(ReferenceView.Values(chart), chart.Y, fromZero: chart.Bars.Count > 0);
        YTicks = AxisTicks.Of(Y, 6);
        double left = Edge + LabelSize + 10 + YTicks.Select(t => FigureFont.Width(t.Label, TickSize)).DefaultIfEmpty(0).Max() + 8;
        string[] labels = [.. chart.Series.Select(s => s.Label).Where(label => label.Length > 0), .. chart.References.Select(r => r.Label)];
        double right = labels.Length == 0 ? 24 : EntryOffset + Sample + Gap + labels.Max(l => FigureFont.Width(l, EntrySize)) + Edge;
        double top = Edge + TitleSize + (chart.Subtitle is null ? 0 : NoteSize + 6) + 12, below = 48;
        Width = Math.Max(Math.Max(chart.Width, left + right + LeastPlot), left + Edge + Math.Max(FigureFont.Width(chart.Title, TitleSize), FigureFont.Width(chart.Subtitle ?? "", NoteSize)));
        Height = Math.Max(chart.Height, top + below + PlotEntry.LineHeight * labels.Length);
        Plot = new Frame(left, top, Width - right, Height - below);
        XTicks = Apart(chart.X.Names is { } names ? [.. names.Select((name, i) => new Tick(i, name))] : AxisTicks.Of(X, Math.Max(3, (int)(Plot.Width / 90))));
    }

    public double Width { get; }

    public double Height { get; }

    public AxisRange X { get; }

    public AxisRange Y { get; }

    public IReadOnlyList<Tick> XTicks { get; }

    public IReadOnlyList<Tick> YTicks { get; }

    /// <summary>What the axes enclose.</summary>
    public Frame Plot { get; }

    public double EntriesLeft => Plot.Right + EntryOffset;

    public double AtX(double value) => Plot.Left + X.Share(value) * Plot.Width;

    public double AtY(double value) => Plot.Bottom - Y.Share(value) * Plot.Height;

    /// <summary>The middle of a label of the x axis: below its tick, unless it would reach as far to the left as the labels of the other axis.</summary>
    public double LabelX(Tick tick) => Math.Max(AtX(tick.Value), Plot.Left - TickReach + LabelWidth(tick) / 2);

    public Place At(double x, double y) => new(AtX(x), AtY(y));

    /// <summary>Points that can be placed, from left to right.</summary>
    public IReadOnlyList<ChartPoint> Drawable(ChartSeries series) =>
        [.. series.Points.Where(p => double.IsFinite(p.Y) && double.IsFinite(p.X) && (X.Scale == AxisScale.Linear || p.X > 0)).OrderBy(p => series.IsOutline ? 0 : p.X)];

    /// <summary>The labels beside the plot in the order of their heights, each with its height.</summary>
    public IReadOnlyList<(PlotEntry Entry, double Height)> Entries(Chart chart)
    {
        PlotEntry[] entries = [.. chart.Series.Where(s => s.Label.Length > 0).Select(Entry).Concat(chart.References.Where(r => double.IsFinite(r.Y)).OrderByDescending(r => r.Y).Select(Entry)).OrderBy(e => e.Wanted)];
        return [.. entries.Zip(PlotEntry.Spread([.. entries.Select(e => e.Wanted)], Plot.Top + 4, Plot.Bottom - 4))];
    }

    /// <summary>All ticks of the x axis, or each second, third and so on, so that no two labels touch.</summary>
    private Tick[] Apart(IReadOnlyList<Tick> ticks)
    {
        for (int each = 1; ; each++)
        {
            Tick[] kept = [.. ticks.Where((_, i) => i % each == 0)];
            if (kept.Zip(kept.Skip(1)).All(pair => LabelX(pair.Second) - LabelX(pair.First) >= (LabelWidth(pair.First) + LabelWidth(pair.Second)) / 2 + LeastBetweenTicks)) return kept;
        }
    }

    private static double LabelWidth(Tick tick) => FigureFont.Width(tick.Label, TickSize);

    private PlotEntry Entry(ChartSeries series)
    {
        ChartPoint[] points = [.. Drawable(series)];
        if (points.Length == 0) return new PlotEntry(series.Label + " (no points)", series.Style, Plot.Bottom, null, 0);
        Place end = At(points[^1].X, points[^1].Y);
        return new PlotEntry(series.Label, series.Style, Within(end.Y), end.X > Plot.Right - 0.12 * Plot.Width ? end : null, 0);
    }

    private PlotEntry Entry(ChartReference reference)
    {
        int beyond = Y.Contains(reference.Y) ? 0 : reference.Y > Y.Maximum ? -1 : 1;
        double height = Within(AtY(reference.Y));
        return new PlotEntry(reference.Label, reference.Style, height, beyond == 0 ? new Place(Plot.Right - LeaderGap, height) : null, beyond);
    }

    private double Within(double height) => Math.Clamp(height, Plot.Top, Plot.Bottom);
}
