using Microsoft.ML.Tokenizers;
using Mxd.Formats;
using Mxd.Tokenizers;

namespace Mxd.Tests.Tokenizers;

/// <summary>Properties of the real vocabulary, with another implementation of the merges beside ours.</summary>
public class SmolLmVocabularyTests
{
    /// <summary>Bytes of UTF-8 that this vocabulary has no token for.</summary>
    private static readonly byte[] Missing = [0x04, 0x06, 0x13, 0x14, 0x16, 0x1D, 0xF1, 0xF2];

    [Fact]
    public void Encode_AgreesWithAnotherImplementation_OnAnyText()
    {
        BpeTokenizer other = Another();
        ITokenizer tokenizer = SmolLmVocabulary.LoadOrSkip();
        var random = new Random(6);
        for (int round = 0; round < 2000; round++)
        {
            // The other one is not made to look for special tokens.
            string text = RandomText.Create(random, random.Next(1, 30)).Replace("<|", "<", StringComparison.Ordinal);
            Assert.Equal(other.EncodeToIds(text), tokenizer.Encode(text));
        }
    }

    [Fact]
    public void Decode_GivesBackAnyText_ExceptBytesWithoutAToken()
    {
        ITokenizer tokenizer = SmolLmVocabulary.LoadOrSkip();
        var random = new Random(7);
        for (int round = 0; round < 2000; round++)
        {
            string text = RandomText.Create(random, random.Next(1, 30));
            byte[] expected = [.. System.Text.Encoding.UTF8.GetBytes(text).Where(value => !Missing.Contains(value))];
            Assert.Equal(expected, tokenizer.DecodeBytes(tokenizer.Encode(text)));
        }
    }

    [Fact]
    public void Load_FindsTheModelsMarks()
    {
        ITokenizer tokenizer = SmolLmVocabulary.LoadOrSkip();
        Assert.Equal(49152, tokenizer.VocabularySize);
        Assert.Equal((0, 0), (tokenizer.Separator, tokenizer.FirstToken));
        Assert.Equal(1, tokenizer.Find("<|im_start|>"));
        Assert.Null(tokenizer.Find("no such token"));
        Assert.Equal("96e1be0ead2ffc8b1f7a6d4a5954949a0b7b10ec6373de4993d5825f0e24db3b", tokenizer.Hash);
    }

    private static BpeTokenizer Another()
    {
        using GgufFile file = GgufFile.Open(SmolLmVocabulary.PathOrSkip());
        string[] tokens = file.Metadata.GetStrings("tokenizer.ggml.tokens");
        return BpeTokenizer.Create(new BpeOptions(tokens.Select((token, id) => KeyValuePair.Create(token, id)))
        {
            Merges = file.Metadata.GetStrings("tokenizer.ggml.merges"),
            ByteLevel = true,
            PreTokenizer = new Pieces(PreTokenizers.Get(file.Metadata.GetString("tokenizer.ggml.pre"))),
        });
    }

    private sealed class Pieces(IPreTokenizer preTokenizer) : PreTokenizer
    {
        public override IEnumerable<(int Offset, int Length)> PreTokenize(string text)
        {
            for (int start = 0, length; start < text.Length; start += length)
                yield return (start, length = preTokenizer.FirstPiece(text.AsSpan(start)));
        }

        public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => PreTokenize(text.ToString());
    }
}
