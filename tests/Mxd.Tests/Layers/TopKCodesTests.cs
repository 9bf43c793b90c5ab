using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

public class TopKCodesTests
{
    [Fact]
    public void Select_KeepsTheKLargest_AtRandomSizes()
    {
        var random = new Random(1);
        for (int round = 0; round < 50; round++)
        {
            using DisposeScope scope = NewDisposeScope();
            int units = random.Next(1, 30), k = random.Next(1, units + 1), batch = random.Next(1, 10);
            Tensor activations = RandomLayers.Rows(batch, units, random.Next()).relu();
            float[,] dense = Table(Sparsity.TopK.Select(activations, k).ToDense());
            float[,] all = Table(activations);
            for (int row = 0; row < batch; row++)
            {
                float[] kept = [.. Row(dense, row).Where(v => v > 0).Order()];
                float[] expected = [.. Row(all, row).OrderDescending().Take(k).Where(v => v > 0).Order()];
                Assert.Equal(expected, kept);
                Assert.All(Row(dense, row).Zip(Row(all, row)), pair => Assert.True(pair.First == 0 || pair.First == pair.Second));
            }
        }
    }

    [Fact]
    public void Add_PutsOneMoreUnitBesideTheK()
    {
        using DisposeScope scope = NewDisposeScope();
        TopKCodes codes = Sparsity.TopK.Select(tensor(new float[] { 5, 1, 3, 2 }, 1, 4), 2);
        SparseCodes steered = codes.Add(1, 100);
        Assert.Equal([5, 100, 3, 0], steered.ToDense().data<float>().ToArray());
        Assert.Equal(3, steered.ActiveCounts().ToInt64());
    }

    [Fact]
    public void Add_SumsAUnitThatIsActiveAlready_AndCountsItOnce()
    {
        using DisposeScope scope = NewDisposeScope();
        SparseCodes steered = Sparsity.TopK.Select(tensor(new float[] { 5, 1, 3, 2 }, 1, 4), 2).Add(2, 100);
        Assert.Equal([5, 0, 103, 0], steered.ToDense().data<float>().ToArray());
        Assert.Equal(2, steered.ActiveCounts().ToInt64());
        Tensor firings = zeros(4, dtype: ScalarType.Int64);
        steered.CountFirings(firings);
        Assert.Equal([1, 0, 1, 0], firings.data<long>().ToArray());
    }

    [Fact]
    public void Add_TwiceOnOneUnit_Sums_AndItsNegativeUndoesIt()
    {
        using DisposeScope scope = NewDisposeScope();
        TopKCodes codes = Sparsity.TopK.Select(RandomLayers.Rows(6, 9, seed: 2).relu(), 3);
        GoldenTensors.AssertClose(codes.Add(4, 3).ToDense(), codes.Add(4, 1).Add(4, 2).ToDense(), 1e-6, "twice");
        GoldenTensors.AssertClose(codes.ToDense(), codes.Add(4, 7).Add(4, -7).ToDense(), 1e-5, "undone");
    }

    [Fact]
    public void Add_EqualsAddingToTheDenseCodes_ForAnyUnits()
    {
        var random = new Random(3);
        for (int round = 0; round < 30; round++)
        {
            using DisposeScope scope = NewDisposeScope();
            int units = random.Next(1, 12), k = random.Next(1, units + 1);
            SparseCodes codes = Sparsity.TopK.Select(RandomLayers.Rows(5, units, random.Next()).relu(), k);
            Tensor dense = codes.ToDense();
            for (int edit = 0; edit < 3; edit++)
            {
                int unit = random.Next(units);
                double coefficient = random.NextDouble() * 20 - 10;
                codes = codes.Add(unit, coefficient);
                dense.select(1, unit).add_(coefficient);
            }
            GoldenTensors.AssertClose(dense, codes.ToDense(), 1e-5, "dense");
            GoldenTensors.AssertClose((dense > 1e-5).sum(1), codes.ActiveCounts(), 0, "active counts");
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    public void Add_RefusesAUnitThereIsNot(long unit)
    {
        using DisposeScope scope = NewDisposeScope();
        TopKCodes codes = Sparsity.TopK.Select(zeros(1, 4), 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => codes.Add(unit, 1));
    }

    [Fact]
    public void CountFirings_AddsTokensOnWhichAUnitIsAboveZero()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor firings = tensor(new long[] { 10, 0, 0 });
        Sparsity.TopK.Select(tensor(new float[] { 1, 2, 0, 0, 3, 0 }, 2, 3), 2).CountFirings(firings);
        Assert.Equal([11, 2, 0], firings.data<long>().ToArray());
    }

    private static float[,] Table(Tensor tensor)
    {
        var table = new float[tensor.shape[0], tensor.shape[1]];
        float[] values = tensor.contiguous().data<float>().ToArray();
        Buffer.BlockCopy(values, 0, table, 0, values.Length * sizeof(float));
        return table;
    }

    private static IEnumerable<float> Row(float[,] table, int row) => Enumerable.Range(0, table.GetLength(1)).Select(i => table[row, i]);
}
