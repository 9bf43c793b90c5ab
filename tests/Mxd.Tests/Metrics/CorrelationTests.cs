using Mxd.Metrics;

namespace Mxd.Tests.Metrics;

public class CorrelationTests
{
    /// <summary>By hand: means 2 and 3; Σxy = 3, Σxx = 2, Σyy = 6; ranks are 1, 2, 3 and 1.5, 1.5, 3: Σxy = 1.5, Σxx = 2, Σyy = 1.5.</summary>
    [Fact]
    public void Correlation_IsThatCountedByHand()
    {
        var both = Correlation.Of([1, 2, 3], [2, 2, 5]);
        Assert.Equal(3, both.Count);
        Assert.Equal(3 / Math.Sqrt(2 * 6), both.Pearson, 1e-12);
        Assert.Equal(1.5 / Math.Sqrt(2 * 1.5), both.Spearman, 1e-12);
        Assert.Equal((1 + 0 + 2) / 3.0, both.MeanAbsoluteDifference, 1e-12);
    }

    [Fact]
    public void ACurveThatOnlyRises_HasRankCorrelationOne_AndOneThatFallsMinusOne()
    {
        double[] x = [0.3, 0.1, 0.9, 0.5, 0.2];
        Assert.Equal(1, Correlation.Of(x, [.. x.Select(v => Math.Exp(20 * v))]).Spearman, 1e-12);
        Assert.True(Correlation.Of(x, [.. x.Select(v => Math.Exp(20 * v))]).Pearson < 0.9);
        Assert.Equal(-1, Correlation.Of(x, [.. x.Select(v => -v)]).Pearson, 1e-12);
    }

    [Fact]
    public void WhatDoesNotVary_HasNone()
    {
        Assert.True(double.IsNaN(Correlation.Of([0.1, 0.1, 0.1], [1, 2, 3]).Pearson));
        Assert.True(double.IsNaN(Correlation.Of([0.1, 0.1, 0.1], [1, 2, 3]).Spearman));
        Assert.True(double.IsNaN(Correlation.Of([1], [2]).Pearson));
        Assert.True(double.IsNaN(Correlation.Of([], []).MeanAbsoluteDifference));
    }
}
