using CsCheck;
using Mxd.Runtime;

namespace Mxd.Tests.Runtime;

public sealed class SplitMix64Tests
{
    [Fact]
    public void Next_GivesThePublishedSequence()
    {
        SplitMix64 random = new(1234567);
        ulong[] expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821];
        Assert.Equal(expected, Enumerable.Range(0, 5).Select(_ => random.Next()));
    }

    [Fact]
    public void Below_StaysBelow_AndReachesEveryValue()
    {
        Gen.Select(Gen.ULong[1, 40], Gen.ULong).Sample((bound, seed) =>
        {
            SplitMix64 random = new(seed);
            HashSet<ulong> seen = [];
            for (int i = 0; i < 40 * (int)bound; i++) seen.Add(random.Below(bound));
            Assert.All(seen, value => Assert.InRange(value, 0UL, bound - 1));
            Assert.Equal((int)bound, seen.Count);
        }, iter: 50, seed: "0000KOIPe001");
    }

    [Fact]
    public void Below_LeavesOutTheUnevenRemainder()
    {
        // Two thirds of 2^64: without rejection the lower half of the results would be twice as likely as the upper.
        const ulong Bound = 0xAAAAAAAAAAAAAAAA;
        SplitMix64 random = new(5);
        int low = 0;
        const int Draws = 20_000;
        for (int i = 0; i < Draws; i++)
            if (random.Below(Bound) < Bound / 2) low++;
        Assert.InRange(low / (double)Draws, 0.48, 0.52);
    }
}
