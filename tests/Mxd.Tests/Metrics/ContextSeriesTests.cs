using Mxd.Metrics;

namespace Mxd.Tests.Metrics;

public class ContextSeriesTests
{
    [Fact]
    public void StandardError_IsTheSampleDeviationOverTheRootOfTheCount()
    {
        // Mean 5, squared deviations 9, 1, 1, 9: s² = 20/3, standard error √(20/3/4).
        var series = new ContextSeries([2, 4, 6, 8]);
        Assert.Equal(5, series.Mean);
        Assert.Equal(Math.Sqrt(20.0 / 3 / 4), series.StandardError, 1e-14);
    }

    [Fact]
    public void StandardError_IsNotANumber_ForOneContext() => Assert.True(double.IsNaN(new ContextSeries([3]).StandardError));

    [Fact]
    public void Minus_GivesThePairedStandardError()
    {
        double[] a = Draw(50, 1), b = [.. Draw(50, 2).Zip(a, (noise, x) => x + 0.01 * noise)];
        ContextSeries difference = new ContextSeries(a).Minus(new ContextSeries(b));
        double mean = a.Zip(b, (x, y) => x - y).Average();
        Assert.Equal(mean, difference.Mean, 1e-14);
        Assert.Equal(Math.Sqrt(a.Zip(b, (x, y) => Math.Pow(x - y - mean, 2)).Sum() / 49 / 50), difference.StandardError, 1e-14);
        Assert.True(difference.StandardError < 0.1 * new ContextSeries(a).StandardError);
    }

    [Fact]
    public void Ratio_IsThatOfTheMeans_AndItsStandardErrorThatOfTheJackknife()
    {
        var random = new Random(3);
        for (int round = 0; round < 5; round++)
        {
            double[] b = [.. Draw(200, random.Next()).Select(v => 4 + 0.5 * v)], a = [.. Draw(200, random.Next()).Zip(b, (noise, x) => 0.8 * x + 0.3 * noise)];
            Ratio ratio = ContextSeries.Ratio(new ContextSeries(a), new ContextSeries(b));
            Assert.Equal(a.Sum() / b.Sum(), ratio.Value, 1e-13);
            double jackknife = Jackknife(a, b);
            Assert.InRange(ratio.StandardError, 0.97 * jackknife, 1.03 * jackknife);
        }
    }

    [Fact]
    public void Ratio_OfProportionalSeries_IsExact()
    {
        double[] b = Draw(20, 5), a = [.. b.Select(v => 3 * v)];
        Ratio ratio = ContextSeries.Ratio(new ContextSeries(a), new ContextSeries(b));
        Assert.Equal(3, ratio.Value, 1e-12);
        Assert.Equal(0, ratio.StandardError, 1e-12);
    }

    [Fact]
    public void Minus_And_Ratio_RefuseSeriesOfDifferentContexts()
    {
        ContextSeries three = new([1, 2, 3]), two = new([1, 2]);
        Assert.Throws<ArgumentException>(() => three.Minus(two));
        Assert.Throws<ArgumentException>(() => ContextSeries.Ratio(three, two));
    }

    [Fact]
    public void AddRange_IsAddingOneByOne()
    {
        ContextSeries first = new(), second = new();
        first.AddRange([1, 2, 5]);
        foreach (double value in new double[] { 1, 2, 5 }) second.Add(value);
        Assert.Equal((first.Count, first.Mean, first.StandardError), (second.Count, second.Mean, second.StandardError));
    }

    private static double Jackknife(double[] a, double[] b)
    {
        int n = a.Length;
        double[] without = [.. Enumerable.Range(0, n).Select(i => (a.Sum() - a[i]) / (b.Sum() - b[i]))];
        double mean = without.Average();
        return Math.Sqrt((n - 1.0) / n * without.Sum(r => (r - mean) * (r - mean)));
    }

    private static double[] Draw(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))];
    }
}
