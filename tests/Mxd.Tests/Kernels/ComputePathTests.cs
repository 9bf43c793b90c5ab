using Mxd.Kernels;
using Mxd.Runtime;

namespace Mxd.Tests.Kernels;

public class ComputePathTests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("fast", "Fast")]
    [InlineData("readable", "Readable")]
    [InlineData("tiled", "Tiled")]
    public void Parse_KnowsEveryWay(string? value, string? way) => Assert.Equal(way, ComputePath.Parse(value)?.ToString());

    [Fact]
    public void Parse_RefusesAnythingElse() =>
        Assert.Equal(
            "MXD_PATH is 'quick'; it may be fast (kernels for CPUs), readable (torch) or tiled (torch, as on GPUs): set one of them, or unset it.",
            Assert.Throws<MxdInputException>(() => ComputePath.Parse("quick")).Message);

    [Fact]
    public void Force_HoldsUntilDisposed()
    {
        bool before = ComputePath.UsesKernels;
        using (ComputePath.Force(before ? ComputeWay.Readable : ComputeWay.Fast)) Assert.Equal(!before, ComputePath.UsesKernels);
        Assert.Equal(before, ComputePath.UsesKernels);
    }

    [Theory]
    [InlineData("Fast", false, true)]
    [InlineData("Readable", false, false)]
    [InlineData("Tiled", true, true)]
    public void UsesTiles_DependsOnTheWayAndTheDevice(string way, bool onCpu, bool elsewhere)
    {
        using IDisposable path = ComputePath.Force(Enum.Parse<ComputeWay>(way));
        Assert.Equal(way == "Fast", ComputePath.UsesKernels);
        Assert.Equal(onCpu, ComputePath.UsesTiles(isCpu: true));
        Assert.Equal(elsewhere, ComputePath.UsesTiles(isCpu: false));
    }
}
