using Mxd.Runtime;

namespace Mxd.Tests.Runtime;

public class ByteSizeParseTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("123", 123)]
    [InlineData("12 B", 12)]
    [InlineData("20GB", 20_000_000_000)]
    [InlineData("1.5 tb", 1_500_000_000_000)]
    [InlineData("256MiB", 256L << 20)]
    [InlineData("1kib", 1024)]
    [InlineData("8 EB", 8_000_000_000_000_000_000)]
    public void Parse_ReadsNumbersAndUnits(string text, long bytes) => Assert.Equal(bytes, ByteSize.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("GB")]
    [InlineData("-1GB")]
    [InlineData("1 GX")]
    [InlineData("1e9")]
    [InlineData("10 EB")]
    [InlineData("1,5 GB")]
    [InlineData("99999999999999999999999999999999999999 EB")]
    public void Parse_TakesNothingElse(string text) => Assert.Null(ByteSize.Parse(text));
}
