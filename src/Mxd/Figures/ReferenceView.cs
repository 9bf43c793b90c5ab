namespace Mxd.Figures;

/// <summary>Decides which reference lines the y axis reaches. A line far off would leave the data a sliver of the plot.</summary>
internal static class ReferenceView
{
    /// <summary>The share of the plot's height that the data and the lines kept in view have at least.</summary>
    private const double LeastShare = 0.6;

    /// <summary>All values the y axis spans.</summary>
    public static IReadOnlyList<double> Values(Chart chart)
    {
        List<double> values =
        [
            .. chart.Series.SelectMany(s => s.Points).SelectMany(p => new[] { p.Low, p.High }), .. chart.Bars.Select(b => b.Height),
            .. chart.References.Where(r => r.KeepInView).SelectMany(r => new[] { r.Y }),
        ];
        values.RemoveAll(v => !double.IsFinite(v));
        if (chart.Bars.Count > 0) values.Add(0);
        double[] others = [.. chart.References.Where(r => !r.KeepInView && double.IsFinite(r.Y)).Select(r => r.Y)];
        if (values.Count == 0 || values.Max() == values.Min()) return [.. values, .. others];
        double span = values.Max() - values.Min();
        foreach (double other in others.OrderBy(y => Math.Max(values.Min() - y, y - values.Max())))
            if (span >= LeastShare * (Math.Max(values.Max(), other) - Math.Min(values.Min(), other))) values.Add(other);
        return values;
    }
}
