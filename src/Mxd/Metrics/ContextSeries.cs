namespace Mxd.Metrics;

/// <summary>One number a context, in float64; the contexts are the independent samples that standard errors are taken over.</summary>
public sealed class ContextSeries
{
    private readonly List<double> values = [];

    public ContextSeries()
    {
    }

    public ContextSeries(IEnumerable<double> values) => this.values.AddRange(values);

    public int Count => values.Count;

    public double Mean => values.Average();

    /// <summary>Standard error of the mean; not a number for fewer than two contexts.</summary>
    public double StandardError
    {
        get
        {
            double mean = Mean;
            return values.Count < 2 ? double.NaN : Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1) / values.Count);
        }
    }

    public void Add(double value) => values.Add(value);

    public void AddRange(IEnumerable<double> more) => values.AddRange(more);

    /// <summary>The same contexts' differences, whose standard error is the paired one.</summary>
    public ContextSeries Minus(ContextSeries other) => new(Paired(this, other, (a, b) => a - b));

    /// <summary>The same contexts' sums.</summary>
    public ContextSeries Plus(ContextSeries other) => new(Paired(this, other, (a, b) => a + b));

    /// <summary>
    /// The ratio of two means over the same contexts, r = ā / b̄, with its standard error to first order: that of (aᵢ - r bᵢ) / b̄.
    /// </summary>
    public static Ratio Ratio(ContextSeries numerator, ContextSeries denominator)
    {
        double bottom = denominator.Mean;
        double ratio = numerator.Mean / bottom;
        var residuals = new ContextSeries(Paired(numerator, denominator, (a, b) => (a - ratio * b) / bottom));
        return new Ratio(ratio, residuals.StandardError);
    }

    private static IEnumerable<double> Paired(ContextSeries first, ContextSeries second, Func<double, double, double> combine) =>
        first.Count == second.Count
            ? first.values.Zip(second.values, combine)
            : throw new ArgumentException($"{first.Count} contexts cannot be paired with {second.Count}.", nameof(second));
}

/// <summary>A ratio of means and its standard error.</summary>
public sealed record Ratio(double Value, double StandardError);
