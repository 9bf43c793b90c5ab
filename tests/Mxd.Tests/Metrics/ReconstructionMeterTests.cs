using Mxd.Layers;
using Mxd.Metrics;
using Mxd.Tests.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Metrics;

public class ReconstructionMeterTests
{
    private const int Units = 40;

    [Theory]
    [InlineData(0)]
    [InlineData(1e4)]
    public void Result_EqualsADirectComputation_HoweverTheTokensAreSplit(double offset)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor t = RandomLayers.Rows(300, 6, seed: 1) + offset, y = t + 0.3 * RandomLayers.Rows(300, 6, seed: 2);
        if (offset == 0) t[17] = t[18] = 0;
        TopKCodes codes = Sparsity.TopK.Select(RandomLayers.Rows(300, Units, seed: 3).sub_(1.5).relu_(), 5);
        Reconstruction expected = Direct(y, t, codes.ToDense());
        foreach (int size in new[] { 300, 1, 7, 64, 299 })
        {
            using var meter = new ReconstructionMeter(Units, CPU);
            for (int start = 0; start < 300; start += size)
            {
                int length = Math.Min(size, 300 - start);
                var part = new TopKCodes(codes.Indices.narrow(0, start, length), codes.Values.narrow(0, start, length), Units);
                meter.Add(y.narrow(0, start, length), t.narrow(0, start, length), part);
            }
            Reconstruction actual = meter.Result();
            Close(expected.Fvu, actual.Fvu);
            Close(expected.NormScaledMse, actual.NormScaledMse);
            Close(expected.L0, actual.L0);
            Close(expected.DeadFraction, actual.DeadFraction);
            Assert.Equal((300, offset == 0 ? 2 : 0), (actual.Tokens, actual.ZeroNormTargets));
        }

        static void Close(double expected, double actual) => Assert.Equal(expected, actual, 1e-12 * Math.Abs(expected));
    }

    [Fact]
    public void Fvu_IsZeroForTheTarget_AndOneForItsMean()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor t = RandomLayers.Rows(50, 6, seed: 4).to(ScalarType.Float64) + 3;
        TopKCodes codes = Sparsity.TopK.Select(zeros(50, Units), 1);
        Assert.Equal(0, Measure(t, t, codes).Fvu);
        Assert.Equal(1, Measure(t.mean([0]).expand(50, 6), t, codes).Fvu, 1e-12);
    }

    [Fact]
    public void DeadFraction_CountsUnitsThatWereNeverAboveZero()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor activations = zeros(3, Units);
        activations[0, 2] = activations[1, 2] = activations[2, 9] = 1;
        Reconstruction result = Measure(ones(3, 2), ones(3, 2), Sparsity.TopK.Select(activations, 4));
        Assert.Equal(38.0 / 40, result.DeadFraction, 1e-12);
        Assert.Equal(1, result.L0);
    }

    [Fact]
    public void Meter_LeavesNothingAlive() => Assert.Equal(0, LiveTensors.LeftBy(() =>
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor t = RandomLayers.Rows(5, 6, seed: 5);
        TopKCodes codes = Sparsity.TopK.Select(zeros(5, Units), 1);
        long within = LiveTensors.LeftBy(() => Measure(t, t, codes));
        Assert.Equal(0, within);
        return within;
    }));

    private static Reconstruction Measure(Tensor y, Tensor t, TopKCodes codes)
    {
        using var meter = new ReconstructionMeter(Units, CPU);
        meter.Add(y, t, codes);
        return meter.Result();
    }

    private static Reconstruction Direct(Tensor y, Tensor t, Tensor dense)
    {
        double[][] ys = Rows(y), ts = Rows(t), codes = Rows(dense);
        double[] mean = [.. Enumerable.Range(0, 6).Select(j => ts.Average(row => row[j]))];
        double[] errors = [.. ys.Zip(ts, (a, b) => a.Zip(b, (p, q) => (p - q) * (p - q)).Sum())];
        double[] norms = [.. ts.Select(row => Math.Sqrt(row.Sum(v => v * v)))];
        return new Reconstruction(
            errors.Sum() / ts.Sum(row => row.Zip(mean, (v, m) => (v - m) * (v - m)).Sum()),
            errors.Zip(norms).Where(p => p.Second > 0).Average(p => p.First / p.Second / 6),
            codes.Average(row => row.Count(v => v > 0)),
            Enumerable.Range(0, Units).Count(u => codes.All(row => row[u] <= 0)) / (double)Units,
            ts.Length,
            norms.Count(n => n == 0));
    }

    private static double[][] Rows(Tensor tensor) =>
        [.. tensor.to(ScalarType.Float64).contiguous().data<double>().ToArray().Chunk((int)tensor.shape[1])];
}
