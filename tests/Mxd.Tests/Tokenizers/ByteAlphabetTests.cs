using Mxd.Tokenizers;

namespace Mxd.Tests.Tokenizers;

public class ByteAlphabetTests
{
    [Fact]
    public void EveryByte_HasItsOwnCharacter_AndComesBack()
    {
        var seen = new HashSet<char>();
        for (int value = 0; value < 256; value++)
        {
            char character = ByteAlphabet.ToCharacter((byte)value);
            Assert.True(seen.Add(character));
            Assert.False(char.IsWhiteSpace(character) || char.IsControl(character), $"byte {value} is written as U+{(int)character:X4}");
            Assert.Equal(value, ByteAlphabet.ToByte(character));
        }
    }

    [Fact]
    public void Write_GivesGpt2sCharacters()
    {
        Assert.Equal("Ġa", ByteAlphabet.Write(" a"));
        Assert.Equal("Ċ", ByteAlphabet.Write("\n"));
        Assert.Equal("Ã©", ByteAlphabet.Write("é"));
        Assert.Equal("Âł", ByteAlphabet.Write("\u00A0"));
        Assert.Equal("ÂŃ", ByteAlphabet.Write("\u00AD"));
    }

    [Fact]
    public void ToByte_KnowsNoOtherCharacter()
    {
        Assert.Equal(-1, ByteAlphabet.ToByte(' '));
        Assert.Equal(-1, ByteAlphabet.ToByte('\u00AD'));
        Assert.Equal(-1, ByteAlphabet.ToByte('你'));
    }
}
