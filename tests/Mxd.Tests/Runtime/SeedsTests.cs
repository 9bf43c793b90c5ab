using CsCheck;
using Mxd.Runtime;
using TorchSharp;

namespace Mxd.Tests.Runtime;

public sealed class SeedsTests
{
    [Fact]
    public void Derive_NeverChanges()
    {
        // A run's record promises the same draws in every later version: these numbers must stay.
        Assert.Equal(-6343559117420686202, Seeds.Derive(0, ""));
        Assert.Equal(7303177254219249849, Seeds.Derive(0, "shuffle"));
        Assert.Equal(-7278577615952177707, Seeds.Derive(-1, "shuffle", 7));
    }

    [Fact]
    public void Derive_GivesDistinctValues_OverSeedsPurposesAndIndices()
    {
        HashSet<long> seen = [];
        string[] purposes = ["", "a", "b", "ab", "ba", "shuffle", "W_enc", "\0", "\0\0"];
        for (long seed = -20; seed < 20; seed++)
            foreach (string purpose in purposes)
                for (long index = -20; index < 20; index++)
                    Assert.True(seen.Add(Seeds.Derive(seed, purpose, index)), $"{seed} {purpose} {index}");
    }

    [Fact]
    public void Derive_TwoIndicesOrSeeds_NeverMeet() =>
        Gen.Select(Gen.Long, Gen.Long, Gen.Long, Gen.String).Where(t => t.Item1 != t.Item2).Sample((a, b, other, purpose) =>
            Seeds.Derive(other, purpose, a) != Seeds.Derive(other, purpose, b) && Seeds.Derive(a, purpose, other) != Seeds.Derive(b, purpose, other),
            seed: "0000KOIPe001");

    [Fact]
    public void Derive_FlipsAboutHalfTheBits_WhenOneBitOfTheSeedOrIndexChanges()
    {
        double seedFlips = 0, indexFlips = 0;
        const int Trials = 64 * 20;
        for (int i = 0; i < Trials; i++)
        {
            long seed = i * 7919, index = i * 104729, bit = 1L << (i % 64);
            long value = Seeds.Derive(seed, "flip", index);
            seedFlips += long.PopCount(value ^ Seeds.Derive(seed ^ bit, "flip", index));
            indexFlips += long.PopCount(value ^ Seeds.Derive(seed, "flip", index ^ bit));
        }

        Assert.InRange(seedFlips / Trials, 31, 33);
        Assert.InRange(indexFlips / Trials, 31, 33);
    }

    [Fact]
    public void Generator_OfTheSameUse_DrawsTheSame_AndOfAnotherDoesNot()
    {
        using var scope = torch.NewDisposeScope();
        float[] Draw(string purpose, long index) =>
            torch.rand(8, generator: Seeds.Generator(3, purpose, index)).data<float>().ToArray();
        Assert.Equal(Draw("noise", 1), Draw("noise", 1));
        Assert.NotEqual(Draw("noise", 1), Draw("noise", 2));
        Assert.NotEqual(Draw("noise", 1), Draw("weights", 1));
    }

    [Fact]
    public void Permutation_HoldsEachNumberOnce() =>
        Gen.Select(Gen.Int[0, 500], Gen.Long).Sample((count, seed) =>
        {
            using torch.Tensor order = Seeds.Permutation(count, seed, "test");
            Assert.Equal(torch.int64, order.dtype);
            Assert.Equal(Enumerable.Range(0, count).Select(i => (long)i), order.data<long>().ToArray().Order());
        }, iter: 100, seed: "0000KOIPe001");

    [Fact]
    public void Permutation_DependsOnSeedPurposeAndIndex()
    {
        long[][] orders = [Order(1, "a", 0), Order(2, "a", 0), Order(1, "b", 0), Order(1, "a", 1)];
        Assert.Equal(orders[0], Order(1, "a", 0));
        Assert.Equal(4, orders.Select(order => string.Join(' ', order)).Distinct().Count());

        static long[] Order(long seed, string purpose, long index)
        {
            using torch.Tensor order = Seeds.Permutation(50, seed, purpose, index);
            return order.data<long>().ToArray();
        }
    }

    [Fact]
    public void Permutation_MakesEveryOrderOfFourEquallyLikely()
    {
        const int Draws = 24_000;
        Dictionary<string, int> counts = [];
        for (int i = 0; i < Draws; i++)
        {
            using torch.Tensor order = Seeds.Permutation(4, 11, "uniform", i);
            string key = string.Join(' ', order.data<long>().ToArray());
            counts[key] = counts.GetValueOrDefault(key) + 1;
        }

        // Chi-square with 23 degrees of freedom: 49.7 is exceeded once in a thousand seeds; this one is fixed.
        double expected = Draws / 24.0;
        Assert.Equal(24, counts.Count);
        Assert.InRange(counts.Values.Sum(count => (count - expected) * (count - expected) / expected), 0, 49.7);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public void Permutation_RefusesImpossibleCounts(long count) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Seeds.Permutation(count, 0, "test"));
}
