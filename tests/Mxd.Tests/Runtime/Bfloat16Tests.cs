using Mxd.Runtime;

namespace Mxd.Tests.Runtime;

public class Bfloat16Tests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("fast", true)]
    [InlineData("slow", false)]
    public void Parse_KnowsBoth(string? value, bool? isFast) => Assert.Equal(isFast, Bfloat16.Parse(value));

    [Fact]
    public void Parse_RefusesAnythingElse() =>
        Assert.StartsWith("MXD_BFLOAT16 is 'yes'; it may be fast", Assert.Throws<MxdInputException>(() => Bfloat16.Parse("yes")).Message, StringComparison.Ordinal);

    [Fact]
    public void Force_HoldsUntilDisposed()
    {
        bool before = Bfloat16.IsFast;
        using (Bfloat16.Force(!before)) Assert.Equal(!before, Bfloat16.IsFast);
        Assert.Equal(before, Bfloat16.IsFast);
    }
}
