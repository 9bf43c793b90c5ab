using Mxd.Exploration.Judging;

namespace Mxd.Tests.Exploration.Judging;

public class SampleLikenessTests
{
    [Fact]
    public void EqualSamples_AreAsAlikeAsCanBe() => Assert.Equal(new SampleLikeness(1, 1, 1), SampleLikeness.Of([[1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]]));

    [Fact]
    public void SamplesWithoutACommonToken_AreNotAlike() => Assert.Equal(new SampleLikeness(2, 0, 0), SampleLikeness.Of([[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]]));

    /// <summary>
    /// {1,2,3,4} and {1,2,3,5}: 3 of 5 tokens. Of the first's n-grams the other has 3 of 4, 2 of 3, 1 of 2, 0 of 1; from pairs on, one more is counted on both sides.
    /// </summary>
    [Fact]
    public void Likeness_IsThatCountedByHand()
    {
        SampleLikeness likeness = SampleLikeness.Of([[1, 2, 3, 4], [1, 2, 3, 5]]);
        Assert.Equal(0.6, likeness.Overlap, 1e-12);
        Assert.Equal(Math.Pow(3.0 / 4 * (3.0 / 4) * (2.0 / 3) * (1.0 / 2), 0.25), likeness.SelfBleu, 1e-12);
    }

    /// <summary>All n-grams of the shorter are in the longer, which is half as long again.</summary>
    [Fact]
    public void ASampleThatIsShort_IsPunished()
    {
        double both = SampleLikeness.Of([[1, 2, 3, 4], [1, 2, 3, 4, 5, 6]]).SelfBleu;
        double ofLonger = Math.Pow(4.0 / 6 * (4.0 / 6) * (3.0 / 5) * (2.0 / 4), 0.25);
        Assert.Equal((Math.Exp(1 - 6.0 / 4) + ofLonger) / 2, both, 1e-12);
    }

    [Fact]
    public void OneSample_IsLikeNoOther()
    {
        SampleLikeness likeness = SampleLikeness.Of([[1, 2]]);
        Assert.Equal(1, likeness.Distinct);
        Assert.True(double.IsNaN(likeness.Overlap) && double.IsNaN(likeness.SelfBleu));
    }
}
