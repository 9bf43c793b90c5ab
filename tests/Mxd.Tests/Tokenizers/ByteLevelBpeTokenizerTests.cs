using System.Text;
using Mxd.Runtime;
using Mxd.Tokenizers;

namespace Mxd.Tests.Tokenizers;

public class ByteLevelBpeTokenizerTests
{
    [Fact]
    public void Encode_MergesTheLowestRankFirst_AndTheLeftmostOfEquals()
    {
        BpeVocabulary vocabulary = TestVocabulary.Create("b c", "a b", "a a");
        Assert.Equal(["a", "bc"], Tokens(vocabulary, "abc"));
        Assert.Equal(["aa", "a"], Tokens(vocabulary, "aaa"));
        Assert.Equal(["aa", "ab"], Tokens(TestVocabulary.Create("a a", "a b"), "aaab"));
    }

    [Fact]
    public void Encode_AgreesWithMergingStepByStep()
    {
        var random = new Random(3);
        for (int round = 0; round < 200; round++)
        {
            string[] merges = TestVocabulary.RandomMerges(random, random.Next(1, 60));
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 200)).Select(_ => (char)random.Next('a', 'e')));
            Assert.Equal(MergeStepByStep(text, merges), Tokens(TestVocabulary.Create(merges), text));
        }
    }

    [Fact]
    public void Decode_GivesBackAnyText()
    {
        var tokenizer = new ByteLevelBpeTokenizer(TestVocabulary.Create("Ġ t", "h e", "Ġt he", "Ã ©", "ð Ł"));
        var random = new Random(4);
        for (int round = 0; round < 3000; round++)
        {
            string text = RandomText.Create(random, random.Next(0, 30));
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        }
    }

    [Fact]
    public void Encode_IsTheSame_TheSecondTime()
    {
        // The second time, pieces come from the cache, except those too long for it.
        var tokenizer = new ByteLevelBpeTokenizer(TestVocabulary.Create("a b", "ab ab"));
        string text = "abab ab " + string.Concat(Enumerable.Repeat("ab", 100)) + " 🙂 ab";
        Assert.Equal(tokenizer.Encode(text), tokenizer.Encode(text));
    }

    [Fact]
    public void Encode_IsTheSame_FromManyThreads()
    {
        BpeVocabulary vocabulary = TestVocabulary.Create("t h", "th e", "Ġ the", "i n", "in g");
        var random = new Random(5);
        string[] texts = [.. Enumerable.Range(0, 400).Select(_ => RandomText.Create(random, 50))];
        int[][] expected = [.. texts.Select(new ByteLevelBpeTokenizer(vocabulary).Encode)];
        var shared = new ByteLevelBpeTokenizer(vocabulary);
        Assert.Equal(expected, texts.AsParallel().AsOrdered().WithDegreeOfParallelism(4).Select(shared.Encode).ToArray());
    }

    [Fact]
    public void Encode_TakesAMegabyteWithoutASpace()
    {
        var tokenizer = new ByteLevelBpeTokenizer(TestVocabulary.Create("a a", "aa aa"));
        Assert.Equal(1 << 18, tokenizer.Encode(new string('a', 1 << 20)).Length);
    }

    [Fact]
    public void Encode_RecognisesSpecialTokens_TheLongestOfThoseThatStartTogether()
    {
        var tokenizer = new ByteLevelBpeTokenizer(TestVocabulary.Create());
        int x = tokenizer.Find("x")!.Value, s = tokenizer.Find("s")!.Value;
        Assert.Equal([TestVocabulary.EndOfText], tokenizer.Encode("<|endoftext|>"));
        Assert.Equal([x, TestVocabulary.Longer, TestVocabulary.EndOfText, x, s], tokenizer.Encode("x<|endoftext|>s<|endoftext|>xs"));
        Assert.Equal("<|endoftext|", tokenizer.Decode(tokenizer.Encode("<|endoftext|")));
        Assert.Equal(12, tokenizer.Encode("<|endoftext|").Length);
    }

    [Fact]
    public void Encode_AddsNothing()
    {
        Assert.Empty(new ByteLevelBpeTokenizer(TestVocabulary.Create()).Encode(""));
    }

    [Fact]
    public void LoneSurrogates_AreReadAsTheReplacementCharacter()
    {
        var tokenizer = new ByteLevelBpeTokenizer(TestVocabulary.Create());
        Assert.Equal(tokenizer.Encode("a\uFFFDb"), tokenizer.Encode("a\uD800b"));
        Assert.Equal("a\uFFFD", tokenizer.Decode(tokenizer.Encode("a\uDC00")));
        Assert.Equal("\uFFFD🙂", tokenizer.Decode(tokenizer.Encode("\uD83D🙂")));
    }

    [Fact]
    public void Encode_LeavesOutBytesWithoutAToken()
    {
        var vocabulary = new BpeVocabulary(["a", "b", "ab"], ["a b"], [], "gpt-2");
        Assert.Equal([0, 1], new ByteLevelBpeTokenizer(vocabulary with { Merges = [] }).Encode("a?b!"));
        Assert.Equal([2], new ByteLevelBpeTokenizer(vocabulary).Encode("ab?"));
        Assert.Empty(new ByteLevelBpeTokenizer(vocabulary).Encode("?"));
    }

    [Fact]
    public void DecodeBytes_GivesPartsOfCharacters_AndDecodeReplacesThem()
    {
        var tokenizer = new ByteLevelBpeTokenizer(TestVocabulary.Create());
        int[] ids = tokenizer.Encode("🙂");
        Assert.Equal(Encoding.UTF8.GetBytes("🙂")[..2], tokenizer.DecodeBytes(ids[..2]));
        Assert.Equal("\uFFFD", tokenizer.Decode(ids[..2]));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(258)]
    public void Decode_RefusesAnIdOutsideTheVocabulary(int id)
    {
        var tokenizer = new ByteLevelBpeTokenizer(TestVocabulary.Create());
        var error = Assert.Throws<MxdInputException>(() => tokenizer.Decode([0, id]));
        Assert.Equal($"Token id {id} at position 1 is outside the vocabulary of 258: use the tokenizer that made it.", error.Message);
    }

    [Fact]
    public void SeparatorAndFirstToken_AreEndOfText_OtherwiseEosAndBos()
    {
        var vocabulary = new BpeVocabulary(["a", "b", "<|endoftext|>"], [], [2], "gpt-2", 0, 1);
        Assert.Equal((2, 2), Marks(vocabulary));
        Assert.Equal((1, 0), Marks(vocabulary with { Tokens = ["a", "b", "c"] }));

        static (int Separator, int FirstToken) Marks(BpeVocabulary vocabulary)
        {
            var tokenizer = new ByteLevelBpeTokenizer(vocabulary);
            return (tokenizer.Separator, tokenizer.FirstToken);
        }
    }

    [Fact]
    public void SeparatorAndFirstToken_AreErrors_WhereThereAreNone()
    {
        var tokenizer = new ByteLevelBpeTokenizer(new BpeVocabulary(["a"], [], [], "gpt-2"));
        Assert.Equal(
            "The vocabulary has neither <|endoftext|> nor an end of sequence token, so texts cannot be packed with it: use a model that has one.",
            Assert.Throws<MxdInputException>(() => tokenizer.Separator).Message);
        Assert.Contains("nor a beginning of sequence token", Assert.Throws<MxdInputException>(() => tokenizer.FirstToken).Message);
    }

    private static string[] Tokens(BpeVocabulary vocabulary, string text) =>
        [.. new ByteLevelBpeTokenizer(vocabulary).Encode(text).Select(id => vocabulary.Tokens[id])];

    private static List<string> MergeStepByStep(string text, string[] merges)
    {
        List<string> symbols = [.. text.Select(character => character.ToString())];
        while (true)
        {
            int[] ranks = [.. symbols.Zip(symbols.Skip(1), (left, right) => Array.IndexOf(merges, left + " " + right))];
            if (ranks.All(rank => rank < 0)) return symbols;
            int position = Array.IndexOf(ranks, ranks.Where(rank => rank >= 0).Min());
            symbols[position] += symbols[position + 1];
            symbols.RemoveAt(position + 1);
        }
    }
}
