using Mxd.Exploration.Health;
using Mxd.Layers;
using Mxd.Tests.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Exploration.Health;

public class AlikeUnitsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4 * 40 * 7)]
    [InlineData(1 << 20)]
    public void Cosines_AreThoseOfAllPairs_HoweverTheyAreTiled(long tileBytes)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = randn(40, 6, generator: new Generator(3, CPU));
        AlikeUnits alike = AlikeUnits.Of(rows, tileBytes);
        Assert.Equal(40, alike.Compared);
        double[,] all = Cosines(rows);
        double[] pairs = [.. Enumerable.Range(0, 40).SelectMany(i => Enumerable.Range(0, i).Select(j => all[i, j]))];
        double[] nearest = [.. Enumerable.Range(0, 40).Select(i => Enumerable.Range(0, 40).Where(j => j != i).Max(j => all[i, j])).Order()];
        Assert.Equal(pairs.Average(), alike.MeanCosine, 1e-7);
        Assert.Equal(nearest[20], alike.MedianNearest, 1e-5);
        Assert.Equal(0, alike.NearlyEqual);
        Assert.Equal(pairs.Max(), alike.Closest[0].Cosine, 1e-5);
        Assert.All(alike.Closest, pair => Assert.Equal(all[pair.First, pair.Second], pair.Cosine, 1e-5));
        Assert.All(alike.Closest, pair => Assert.True(pair.First < pair.Second));
    }

    [Fact]
    public void EqualRows_AreFound_WhateverTheirLength_AndOppositeOnesAreNot()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = randn(20, 12, generator: new Generator(5, CPU));
        rows[7].copy_(rows[2] * tensor(3.5f));
        rows[11].copy_(-rows[4]);
        rows[13].zero_();
        AlikeUnits alike = AlikeUnits.Of(rows);
        Assert.Equal(2, alike.NearlyEqual);
        Assert.Equal((2, 7), (alike.Closest[0].First, alike.Closest[0].Second));
        Assert.Equal(1, alike.Closest[0].Cosine, 1e-6);
        Assert.True(double.IsFinite(alike.MeanCosine));
    }

    [Fact]
    public void AMixtureOfEqualExperts_IsCalledAPlainMlp()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ILayer layer = RandomLayers.Create(RandomLayers.Options("mxd", units: 16, k: 2), seed: 2);
        Assert.Null(UnitDiversity.Of(layer)!.Collapse);
        Tensor scales = layer.Parameter("W_cond").Value;
        scales.copy_(scales.narrow(0, 0, 1).expand(scales.shape));
        Assert.Contains("one plain MLP", UnitDiversity.Of(layer)!.Collapse, StringComparison.Ordinal);
    }

    [Fact]
    public void GatesThatAreTheSame_AreSaid()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ILayer layer = RandomLayers.Create(RandomLayers.Options("mxd", units: 16, k: 2), seed: 2);
        Tensor gates = layer.Parameter("gate").Value;
        gates.narrow(0, 8, 4).copy_(gates.narrow(0, 0, 4));
        Assert.StartsWith("50 % of the units have another one", UnitDiversity.Of(layer)!.Collapse, StringComparison.Ordinal);
        gates.copy_(gates.narrow(0, 0, 1).expand(gates.shape));
        Assert.StartsWith("All units look for the same", UnitDiversity.Of(layer)!.Collapse, StringComparison.Ordinal);
    }

    [Fact]
    public void OneUnit_HasNoNeighbour()
    {
        AlikeUnits alike = AlikeUnits.Of(ones(1, 3));
        Assert.True(double.IsNaN(alike.MeanCosine));
        Assert.Empty(alike.Closest);
    }

    private static double[,] Cosines(Tensor rows)
    {
        int count = (int)rows.shape[0];
        var all = new double[count, count];
        for (int i = 0; i < count; i++)
            for (int j = 0; j < count; j++)
            {
                double[] a = [.. rows[i].data<float>().Select(v => (double)v)], b = [.. rows[j].data<float>().Select(v => (double)v)];
                all[i, j] = a.Zip(b, (p, q) => p * q).Sum() / Math.Sqrt(a.Sum(v => v * v) * b.Sum(v => v * v));
            }
        return all;
    }
}
