using CsCheck;
using Mxd.Runtime;

namespace Mxd.Tests.Runtime;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(-999, "-999 B")]
    [InlineData(1000, "1.0 kB")]
    [InlineData(1_249, "1.2 kB")]
    [InlineData(999_949, "999.9 kB")]
    [InlineData(999_950, "1.0 MB")]
    [InlineData(1_200_000_000, "1.2 GB")]
    [InlineData(-4_000, "-4.0 kB")]
    [InlineData(long.MaxValue, "9.2 EB")]
    [InlineData(long.MinValue, "-9.2 EB")]
    public void Format_UsesDecimalUnits(long bytes, string expected) => Assert.Equal(expected, ByteSize.Format(bytes));

    [Fact]
    public void Format_NeverShowsAThousandOfAUnit() =>
        Gen.Long.Sample(bytes => decimal.Parse(ByteSize.Format(bytes).Split(' ')[0]) is > -1000 and < 1000, seed: "0000KOIPe001");
}
