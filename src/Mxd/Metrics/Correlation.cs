namespace Mxd.Metrics;

/// <summary>How far two series of numbers agree.</summary>
/// <param name="Count">Pairs.</param>
/// <param name="Pearson">Linear correlation; not a number where one of the series does not vary.</param>
/// <param name="Spearman">Correlation of ranks; equal values have the mean of their ranks.</param>
/// <param name="MeanAbsoluteDifference">Mean of |a - b|.</param>
public sealed record Correlation(int Count, double Pearson, double Spearman, double MeanAbsoluteDifference)
{
    /// <summary>Of series of the same length.</summary>
    public static Correlation Of(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(b.Count, a.Count);
        return new Correlation(a.Count, Linear(a, b), Linear(Ranks(a), Ranks(b)), a.Count == 0 ? double.NaN : a.Zip(b, (x, y) => Math.Abs(x - y)).Average());
    }

    private static double Linear(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        if (!Varies(a) || !Varies(b)) return double.NaN;
        double meanA = a.Average(), meanB = b.Average(), ab = 0, aa = 0, bb = 0;
        for (int i = 0; i < a.Count; i++)
        {
            double x = a[i] - meanA, y = b[i] - meanB;
            (ab, aa, bb) = (ab + x * y, aa + x * x, bb + y * y);
        }
        return ab / Math.Sqrt(aa * bb);
    }

    private static bool Varies(IReadOnlyList<double> values) => values.Any(value => value != values[0]);

    private static double[] Ranks(IReadOnlyList<double> values)
    {
        int[] order = [.. Enumerable.Range(0, values.Count).OrderBy(i => values[i])];
        var ranks = new double[values.Count];
        for (int first = 0, next; first < order.Length; first = next)
        {
            next = first + 1;
            while (next < order.Length && values[order[next]] == values[order[first]]) next++;
            for (int i = first; i < next; i++) ranks[order[i]] = (first + next - 1) / 2.0;
        }
        return ranks;
    }
}
