using System.Text.RegularExpressions;
using Mxd.Runtime;
using Mxd.Tokenizers;

namespace Mxd.Tests.Tokenizers;

public partial class PreTokenizersTests
{
    [Theory]
    [InlineData("Hello   world", "Hello|  | world")]
    [InlineData("it's we're I'LL they've don't", "it|'s| we|'re| I|'|LL| they|'ve| don|'t")]
    [InlineData(" 's", " '|s")]
    [InlineData("''s", "''|s")]
    [InlineData("a\n\n b", "a|\n\n| b")]
    [InlineData("a  ", "a|  ")]
    [InlineData("a \n", "a| \n")]
    [InlineData("\tx", "\t|x")]
    [InlineData("x, y!", "x|,| y|!")]
    [InlineData("e\u0301a", "e|\u0301|a")]
    [InlineData("𝔘𝔫𝔦 𓀀🙂", "𝔘𝔫𝔦| 𓀀|🙂")]
    public void BothCutWhatHasNoNumbersAlike(string text, string pieces)
    {
        Assert.Equal(pieces.Split('|'), Split("gpt-2", text));
        Assert.Equal(pieces.Split('|'), Split("smollm", text));
    }

    [Theory]
    [InlineData("1234 56", "1234| 56", "1|2|3|4| |5|6")]
    [InlineData("x  7", "x| | 7", "x|  |7")]
    [InlineData("a1b", "a|1|b", "a|1|b")]
    [InlineData("½²Ⅷ٣", "½²Ⅷ٣", "½|²|Ⅷ|٣")]
    [InlineData(" 𝟘𝟙", " 𝟘𝟙", " |𝟘|𝟙")]
    [InlineData("\n\n1", "\n|\n|1", "\n\n|1")]
    public void SmolLm_CutsNumbersIntoCharacters(string text, string gpt2, string smolLm)
    {
        Assert.Equal(gpt2.Split('|'), Split("gpt-2", text));
        Assert.Equal(smolLm.Split('|'), Split("smollm", text));
    }

    [Theory]
    [InlineData('\u0085', true)]
    [InlineData('\u00A0', true)]
    [InlineData('\u1680', true)]
    [InlineData('\u2007', true)]
    [InlineData('\u2029', true)]
    [InlineData('\u202F', true)]
    [InlineData('\u205F', true)]
    [InlineData('\u3000', true)]
    [InlineData('\u000B', true)]
    [InlineData('\u001C', false)]
    [InlineData('\u001F', false)]
    [InlineData('\u180E', false)]
    [InlineData('\u200B', false)]
    [InlineData('\u2060', false)]
    [InlineData('\uFEFF', false)]
    public void Spaces_AreUnicodesWhiteSpace(char character, bool isSpace)
    {
        // A space is a piece of its own between letters; anything else that is no letter joins the exclamation mark.
        string[] expected = isSpace ? ["a", character.ToString(), "!"] : ["a", character + "!"];
        Assert.Equal(expected, Split("gpt-2", "a" + character + "!"));
    }

    [Fact]
    public void LoneSurrogates_AreNeitherLettersNorSpaces()
    {
        Assert.Equal(["a", "\uD800", "b"], Split("smollm", "a\uD800b"));
        Assert.Equal(["\uDC00\uD83D\uDE42", "b"], Split("smollm", "\uDC00\uD83D\uDE42b"));
        Assert.Equal([" \uD800"], Split("smollm", " \uD800"));
    }

    [Fact]
    public void Gpt2_AgreesWithTheRegularExpression_OnAnyTextOfTheBasicPlane()
    {
        var random = new Random(1);
        for (int round = 0; round < 3000; round++)
        {
            string text = WithoutSurrogates(RandomText.Create(random, random.Next(1, 20)));
            Assert.Equal(Gpt2Pattern().Matches(text).Select(match => match.Value), Split("gpt-2", text));
        }
    }

    [Theory]
    [InlineData("llama-bpe", "{1,3}")]
    [InlineData("qwen2", "")]
    public void LlamaAndQwen_AgreeWithTheRegularExpression_OnAnyTextOfTheBasicPlane(string name, string numbers)
    {
        var pattern = new Regex(
            @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + numbers + @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            RegexOptions.CultureInvariant);
        var random = new Random(4);
        for (int round = 0; round < 5000; round++)
        {
            string text = WithoutSurrogates(RandomText.Create(random, random.Next(1, 20)));
            Assert.Equal(pattern.Matches(text).Select(match => match.Value), Split(name, text));
        }
    }

    [Theory]
    [InlineData("It'S  1234567,\r\n\r\n  ok", "It|'S| | |123|456|7|,\r\n\r\n| | ok")]
    [InlineData("\u00a0x !\n", "\u00a0x| !\n")]
    [InlineData("a \n \n  b", "a| \n \n| | b")]
    [InlineData("'ſ'Ll\t\tx", "'ſ|'Ll|\t|\tx")]
    [InlineData("𝟘𝟙𝟚𝟛", "𝟘𝟙𝟚|𝟛")]
    public void Llama_CutsAsItsPatternSays(string text, string pieces) => Assert.Equal(pieces.Split('|'), Split("llama-bpe", text));

    [Fact]
    public void SmolLm_AgreesWithTheRegularExpression_BetweenNumbers()
    {
        var random = new Random(2);
        for (int round = 0; round < 3000; round++)
        {
            string text = WithoutSurrogates(RandomText.Create(random, random.Next(1, 20)));
            IEnumerable<string> expected = Numbers().Split(text).SelectMany(part => Gpt2Pattern().Matches(part)).Select(match => match.Value);
            Assert.Equal(expected, Split("smollm", text));
        }
    }

    [Fact]
    public void Get_RefusesAnUnknownName_NamingTheKnownOnes()
    {
        var error = Assert.Throws<MxdInputException>(() => PreTokenizers.Get("falcon"));
        Assert.Equal("The vocabulary's pre-tokeniser is 'falcon'; known are gpt-2, llama-bpe, qwen2, smollm: use a model with one of these.", error.Message);
    }

    private static List<string> Split(string name, string text)
    {
        IPreTokenizer preTokenizer = PreTokenizers.Get(name);
        var pieces = new List<string>();
        for (int start = 0; start < text.Length; start += pieces[^1].Length)
            pieces.Add(text.Substring(start, preTokenizer.FirstPiece(text.AsSpan(start))));
        return pieces;
    }

    private static string WithoutSurrogates(string text) => string.Concat(text.Where(character => !char.IsSurrogate(character)));

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Gpt2Pattern();

    [GeneratedRegex(@"(\p{N})")]
    private static partial Regex Numbers();
}
