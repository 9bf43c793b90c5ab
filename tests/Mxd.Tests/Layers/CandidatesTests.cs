using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

public class CandidatesTests
{
    /// <summary>Few different values make ties everywhere; both zeros are among them.</summary>
    private static readonly float[] few = [-2, -1, -0f, 0, 1, 2];

    [Fact]
    public void Largest_PrefersTheLowerUnit_WhereValuesAreEqual()
    {
        var random = new Random(1);
        for (int round = 0; round < 200; round++)
        {
            using DisposeScope scope = NewDisposeScope();
            int batch = random.Next(1, 6), units = random.Next(1, 20), k = random.Next(1, units + 1);
            float[][] values = [.. Enumerable.Range(0, batch).Select(_ => Row(units, () => few[random.Next(few.Length)]))];
            AssertChoice(Of(values, 0).Largest(k), values, k);
        }
    }

    [Fact]
    public void Largest_OfJoinedTiles_IsThatOfAll()
    {
        var random = new Random(2);
        for (int round = 0; round < 200; round++)
        {
            using DisposeScope scope = NewDisposeScope();
            int units = random.Next(2, 20), cut = random.Next(1, units), k = random.Next(1, units + 1);
            float[][] values = [Row(units, () => few[random.Next(few.Length)]), Row(units, () => random.NextSingle())];
            Candidates left = Of([.. values.Select(row => row[..cut])], 0).Largest(k);
            Candidates right = Of([.. values.Select(row => row[cut..])], cut).Largest(k);
            AssertChoice(left.Join(right).Largest(k), values, k);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Largest_KeepsWhatIsNotANumber(int k)
    {
        using DisposeScope scope = NewDisposeScope();
        float[] row = [1, float.PositiveInfinity, -float.NaN, 1, float.NaN, 1];
        int[] chosen = Units(Of([row], 0).Largest(k))[0];
        Assert.Equal(Math.Min(k, 2), chosen.Count(unit => float.IsNaN(row[unit])));
        Assert.Equal(k, chosen.Distinct().Count());
    }

    [Fact]
    public void Largest_CarriesWhatBelongsToAUnit()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor order = RandomLayers.Rows(7, 12, seed: 3), p = order * 10, factor = order * 100;
        Candidates chosen = new Candidates(order, Numbers(order, 0), p, factor).Largest(5);
        GoldenTensors.AssertClose(p.gather(1, chosen.Numbers()), chosen.PreActivations, 0, "p");
        GoldenTensors.AssertClose(factor.gather(1, chosen.Numbers()), chosen.Factor!, 0, "factor");
        GoldenTensors.AssertClose(order.gather(1, chosen.Numbers()), chosen.Order, 0, "order");
    }

    private static void AssertChoice(Candidates chosen, float[][] values, int k)
    {
        int[][] units = Units(chosen);
        for (int token = 0; token < values.Length; token++)
        {
            float[] row = values[token];
            // LINQ's order is stable: of equals the lower unit comes first.
            int[] expected = [.. Enumerable.Range(0, row.Length).OrderByDescending(unit => row[unit] + 0f).Take(k).Order()];
            Assert.Equal(expected, units[token].Order());
        }
    }

    private static Candidates Of(float[][] rows, int firstUnit)
    {
        Tensor order = tensor(rows.SelectMany(row => row).ToArray(), rows.Length, rows[0].Length);
        return new Candidates(order, Numbers(order, firstUnit), order.alias(), null);
    }

    private static Tensor Numbers(Tensor order, int first) => arange(first, first + order.shape[1], dtype: ScalarType.Int32).expand(order.shape);

    private static int[][] Units(Candidates candidates) =>
        [.. candidates.Units.contiguous().data<int>().ToArray().Chunk((int)candidates.Units.shape[1])];

    private static float[] Row(int length, Func<float> value) => [.. Enumerable.Range(0, length).Select(_ => value())];
}
