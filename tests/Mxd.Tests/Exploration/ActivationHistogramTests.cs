using Mxd.Exploration;

namespace Mxd.Tests.Exploration;

public class ActivationHistogramTests
{
    [Fact]
    public void Coefficients_AreCountedByHalfOctaves()
    {
        var counts = new int[ActivationHistogram.Bins];
        foreach (float value in new[] { 1, 1.4f, 1.5f, 4, 4.1f, 4.2f }) counts[ActivationHistogram.BinOf(value)]++;
        ActivationHistogram histogram = ActivationHistogram.Of(counts);
        Assert.Equal((0.0, 0.5), (histogram.First, histogram.Width));
        Assert.Equal([2, 1, 0, 0, 3], histogram.Counts);
    }

    [Fact]
    public void WhatLiesBeyond_IsInTheOuterBins()
    {
        Assert.Equal(0, ActivationHistogram.BinOf(1e-20f));
        Assert.Equal(ActivationHistogram.Bins - 1, ActivationHistogram.BinOf(1e20f));
        Assert.Empty(ActivationHistogram.Of(new int[ActivationHistogram.Bins]).Counts);
    }
}
