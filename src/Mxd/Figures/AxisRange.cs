namespace Mxd.Figures;

/// <summary>The values an axis spans.</summary>
internal sealed record AxisRange(double Minimum, double Maximum, AxisScale Scale)
{
    /// <summary>Space beyond the outermost values, as a share of their distance.</summary>
    private const double Margin = 0.05;

    /// <summary>Where a value lies: 0 at the beginning, 1 at the end.</summary>
    public double Share(double value) => (Place(value) - Place(Minimum)) / (Place(Maximum) - Place(Minimum));

    public bool Contains(double value) => Share(value) is >= -1e-9 and <= 1 + 1e-9;

    /// <summary>The range of given values, with a margin, unless the axis says where to begin or end.</summary>
    public static AxisRange Of(IEnumerable<double> values, ChartAxis axis, bool fromZero = false)
    {
        bool isLog = axis.Scale == AxisScale.Logarithmic;
        double[] usable = [.. values.Where(v => double.IsFinite(v) && (!isLog || v > 0))];
        if (usable.Length == 0) usable = isLog ? [1, 2] : [0, 1];
        (double low, double high) = (usable.Min(), usable.Max());
        if (fromZero && !isLog) (low, high) = (Math.Min(0, low), Math.Max(0, high));
        if (low == high) (low, high) = isLog ? (low / 2, high * 2) : fromZero ? (0, 1) : (low - Around(low), high + Around(low));
        if (isLog) return new AxisRange(axis.Minimum ?? low * Math.Pow(low / high, Margin), axis.Maximum ?? high * Math.Pow(high / low, Margin), axis.Scale);
        double space = Margin * (high - low);
        return new AxisRange(axis.Minimum ?? (fromZero ? low : low - space), axis.Maximum ?? high + space, axis.Scale);
    }

    private double Place(double value) => Scale == AxisScale.Logarithmic ? Math.Log(value) : value;

    private static double Around(double value) => value == 0 ? 1 : Math.Abs(value) * 0.1;
}
