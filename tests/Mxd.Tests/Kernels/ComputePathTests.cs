using Mxd.Kernels;
using Mxd.Runtime;

namespace Mxd.Tests.Kernels;

public class ComputePathTests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("fast", true)]
    [InlineData("readable", false)]
    public void Parse_KnowsBothWays(string? value, bool? kernels) => Assert.Equal(kernels, ComputePath.Parse(value));

    [Fact]
    public void Parse_RefusesAnythingElse() =>
        Assert.Equal(
            "MXD_PATH is 'quick'; it may be fast (kernels for CPUs) or readable (torch): set one of them, or unset it.",
            Assert.Throws<MxdInputException>(() => ComputePath.Parse("quick")).Message);

    [Fact]
    public void Force_HoldsUntilDisposed()
    {
        bool before = ComputePath.UsesKernels;
        using (ComputePath.Force(!before)) Assert.Equal(!before, ComputePath.UsesKernels);
        Assert.Equal(before, ComputePath.UsesKernels);
    }
}
