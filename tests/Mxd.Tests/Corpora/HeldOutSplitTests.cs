using Mxd.Corpora;
using Mxd.Runtime;

namespace Mxd.Tests.Corpora;

public class HeldOutSplitTests
{
    [Theory]
    [InlineData(0.01)]
    [InlineData(0.1)]
    [InlineData(0.5)]
    public void IsHeldOut_HoldsOutAboutTheFraction(double fraction)
    {
        const int Documents = 20_000;
        var split = new HeldOutSplit(fraction);
        int heldOut = Enumerable.Range(0, Documents).Count(number => split.IsHeldOut(Text($"passage {number}")));
        double deviation = Math.Sqrt(Documents * fraction * (1 - fraction));
        Assert.InRange(heldOut, Documents * fraction - 4 * deviation, Documents * fraction + 4 * deviation);
    }

    [Fact]
    public void IsHeldOut_DependsOnTheTextAlone()
    {
        var split = new HeldOutSplit(0.5);
        for (int number = 0; number < 100; number++)
        {
            string text = $"passage {number}";
            Assert.Equal(split.IsHeldOut(new Document(text, "a.jsonl", 1)), split.IsHeldOut(new Document(text, "b.txt", 7)));
        }
    }

    [Fact]
    public void IsHeldOut_HoldsOutMore_WithALargerFraction()
    {
        var less = new HeldOutSplit(0.1);
        var more = new HeldOutSplit(0.3);
        Document[] documents = [.. Enumerable.Range(0, 1000).Select(number => Text($"passage {number}"))];
        Assert.All(documents.Where(less.IsHeldOut), document => Assert.True(more.IsHeldOut(document)));
        Assert.NotEqual(documents.Count(less.IsHeldOut), documents.Count(more.IsHeldOut));
    }

    [Fact]
    public void IsHeldOut_IsStable()
    {
        // SHA-256 of "abc" begins ba7816bf8f01cfea: 0.7283949...; another value would mix what runs have held out with what they trained on.
        Assert.False(new HeldOutSplit(0.72839).IsHeldOut(Text("abc")));
        Assert.True(new HeldOutSplit(0.72840).IsHeldOut(Text("abc")));
    }

    [Fact]
    public void IsHeldOut_NeverHoldsOutAnEmptyText_NorAnyWithFractionZero()
    {
        Assert.False(new HeldOutSplit(0.999999).IsHeldOut(Text("")));
        Assert.DoesNotContain(Enumerable.Range(0, 1000), number => new HeldOutSplit(0).IsHeldOut(Text($"passage {number}")));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1)]
    [InlineData(double.NaN)]
    public void Constructor_RefusesFractionsOutside(double fraction)
    {
        var error = Assert.Throws<MxdInputException>(() => new HeldOutSplit(fraction));
        Assert.Equal($"The fraction of documents held out is {fraction}; it must be at least 0 and below 1, such as 0.05.", error.Message);
    }

    private static Document Text(string text) => new(text, "a.jsonl", 1);
}
