using Mxd.Cli.CommandLine;

namespace Mxd.Cli.Tests;

public class WordWrapTests
{
    [Theory]
    [InlineData("the gate opens", "  1  the gate|     opens")]
    [InlineData("abcdefghijklmnopqrstuvw", "  1  abcdefghij|     klmnopqrst|     uvw")]
    [InlineData("ab abcdefghijkl", "  1  ab|     abcdefghij|     kl")]
    [InlineData("", "  1  ")]
    [InlineData("abcdefghi😀jk", "  1  abcdefghi|     😀jk")]
    public void Text_IsBrokenWhereverALineEnds_AndStandsBelowItsBeginning(string text, string lines) =>
        Assert.Equal(lines, string.Join('|', WordWrap.Text("  1  ", text, 15)));
}
