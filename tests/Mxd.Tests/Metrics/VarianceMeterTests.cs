using Mxd.Metrics;
using Mxd.Tests.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Metrics;

public class VarianceMeterTests
{
    [Fact]
    public void Mean_And_SumOfSquares_AreThoseOfAllRows_HoweverTheyAreSplit()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = RandomLayers.Rows(101, 4, seed: 1).to(ScalarType.Float64) * 1e-3 + 1e5;
        Tensor mean = rows.mean([0]);
        double expected = (rows - mean).square().sum().ToDouble();
        foreach (int size in new[] { 1, 2, 50, 101 })
        {
            using var meter = new VarianceMeter();
            for (int start = 0; start < 101; start += size) meter.Add(rows.narrow(0, start, Math.Min(size, 101 - start)));
            // One rounding of a row is 1e-11 of 1e-3, its deviation.
            Assert.Equal(expected, meter.SumOfSquares, 1e-8 * expected);
            GoldenTensors.AssertClose(mean, meter.Mean, 1e-9, "mean");
        }
    }

    [Fact]
    public void Mean_OfNoRows_IsRefused()
    {
        using var meter = new VarianceMeter();
        Assert.Throws<InvalidOperationException>(() => meter.Mean);
    }
}
