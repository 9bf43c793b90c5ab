using Mxd.Exploration;

namespace Mxd.Tests.Exploration;

public sealed class TokenSignsTests
{
    [Theory]
    [InlineData("a b", "a b")]
    [InlineData("a\r\nb\nc\rd\te", "a↵b↵c↵d⇥e")]
    [InlineData("\u001b[31m\u0007\u0000\u007f", "␛[31m␇␀␡")]
    [InlineData("\u009b\u0085\u2028", "\uFFFD↵↵")]
    [InlineData("<|endoftext|>", "<|endoftext|>")]
    [InlineData("", "")]
    [InlineData("  ", "  ")]
    public void Of_IsOneLine_WithNothingThatATerminalObeys(string token, string shown)
    {
        Assert.Equal(shown, TokenSigns.Of(token));
        Assert.DoesNotContain(TokenSigns.Of(token), char.IsControl);
    }

    [Theory]
    [InlineData("", "▫")]
    [InlineData("  ", "␣␣")]
    [InlineData(" the", " the")]
    [InlineData("\n ", "↵ ")]
    public void Alone_IsAlwaysSeen(string token, string shown) => Assert.Equal(shown, TokenSigns.Alone(token));
}
