using Mxd.Cli.CommandLine;

namespace Mxd.Cli.Tests;

public sealed class LiveTableTests
{
    [Fact]
    public void Curve_GoesFromTheLargestToTheLeast() => Assert.Equal("█▅▁", LiveTable.Curve([3, 2.2, 1]));

    [Fact]
    public void Curve_OfMoreValuesThanItHasColumns_BeginsAndEndsWithTheFirstAndLast()
    {
        string curve = LiveTable.Curve([.. Enumerable.Range(0, 100).Select(i => 100.0 - i)], 10);
        Assert.Equal(10, curve.Length);
        Assert.Equal('█', curve[0]);
        Assert.Equal('▁', curve[^1]);
    }

    [Fact]
    public void Curve_OfOneValue_OrOfNone_IsDrawn()
    {
        Assert.Equal("▁", LiveTable.Curve([1]));
        Assert.Equal("", LiveTable.Curve([]));
        Assert.Equal("▁ █", LiveTable.Curve([1, double.NaN, 2]));
    }
}
