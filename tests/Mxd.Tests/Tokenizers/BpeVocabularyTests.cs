using System.Security.Cryptography;
using System.Text;
using Mxd.Runtime;
using Mxd.Tokenizers;

namespace Mxd.Tests.Tokenizers;

public class BpeVocabularyTests
{
    private static readonly BpeVocabulary Good = new(["a", "b", "ab", "<x>"], ["a b"], [3], "gpt-2", 3, 3);

    [Fact]
    public void Constructor_TakesAGoodVocabulary() => Assert.Equal(4, new ByteLevelBpeTokenizer(Good).VocabularySize);

    [Fact]
    public void Constructor_RefusesNoTokens() =>
        Refuses(Good with { Tokens = [] }, "The vocabulary has no tokens; it needs at least one: use another model file.");

    [Fact]
    public void Constructor_RefusesATokenTwice() =>
        Refuses(Good with { Tokens = ["a", "b", "ab", "a"] }, "Tokens 0 and 3 of the vocabulary are both 'a'; every token must be there once: download the file again.");

    [Theory]
    [InlineData("ab")]
    [InlineData("a b c")]
    [InlineData(" b")]
    [InlineData("a ")]
    public void Constructor_RefusesAMergeThatIsNotTwoTokens(string merge) =>
        Refuses(Good with { Merges = ["a b", merge] }, $"Merge 1 of the vocabulary is '{merge}'; it must be two tokens with one space between: download the file again.");

    [Fact]
    public void Constructor_RefusesAMergeWhoseResultIsMissing() =>
        Refuses(Good with { Merges = ["b a"] }, "Merge 0 of the vocabulary makes 'ba', which is not among its 4 tokens: download the file again.");

    [Fact]
    public void Constructor_PassesOverMergesWhosePartsAreMissing()
    {
        var tokenizer = new ByteLevelBpeTokenizer(Good with { Merges = ["c d", "a b"] });
        Assert.Equal([2], tokenizer.Encode("ab"));
    }

    [Fact]
    public void Constructor_RefusesIdsOutside()
    {
        Refuses(Good with { SpecialTokens = [4] }, "The vocabulary's special token is id 4, but its ids are 0 to 3: download the file again.");
        Refuses(Good with { BeginningOfSequence = 4 }, "The vocabulary's beginning of sequence is id 4, but its ids are 0 to 3: download the file again.");
        Refuses(Good with { EndOfSequence = -1 }, "The vocabulary's end of sequence is id -1, but its ids are 0 to 3: download the file again.");
    }

    [Fact]
    public void Hash_IsStable()
    {
        // Stored with trained layers: a change of this value makes them unusable.
        Assert.Equal("8cab951db01efbf2f47a33a151884b9db6695d2718de317867428faed4931646", new ByteLevelBpeTokenizer(Good).Hash);
        Assert.Equal(new ByteLevelBpeTokenizer(Good).Hash, new ByteLevelBpeTokenizer(Good with { SpecialTokens = [3, 3] }).Hash);
    }

    [Fact]
    public void Hash_IsThatOfLabelledListsWithTheirLengths()
    {
        using var data = new MemoryStream();
        using var writer = new BinaryWriter(data);
        Texts("a", "b", "ab", "<x>");
        Texts("a b");
        Ids(3);
        Texts("gpt-2");
        Texts("whole pieces");
        Texts("NFC");
        Texts("text tokens");
        Ids(1, 2);
        BpeVocabulary vocabulary = Good with { IgnoresMerges = true, IsNormalised = true, TextTokens = [2, 1, 2] };
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(data.ToArray())), new ByteLevelBpeTokenizer(vocabulary).Hash);

        void Texts(params string[] texts)
        {
            writer.Write(texts.Length);
            foreach (string text in texts)
            {
                writer.Write(Encoding.UTF8.GetByteCount(text));
                writer.Write(Encoding.UTF8.GetBytes(text));
            }
        }

        void Ids(params int[] ids)
        {
            writer.Write(ids.Length);
            foreach (int id in ids) writer.Write(id);
        }
    }

    [Fact]
    public void Hash_ChangesWithEveryPartThatDecidesIds()
    {
        BpeVocabulary[] others =
        [
            Good,
            Good with { Tokens = ["b", "a", "ab", "<x>"] },
            Good with { Tokens = ["a", "b", "ab", "<x>", "c"] },
            Good with { Merges = [] },
            Good with { Merges = ["b a", "a b"], Tokens = ["a", "b", "ab", "<x>", "ba"] },
            Good with { Merges = ["a b", "b a"], Tokens = ["a", "b", "ab", "<x>", "ba"] },
            Good with { SpecialTokens = [] },
            Good with { SpecialTokens = [2, 3] },
            Good with { PreTokenizer = "smollm" },
            Good with { IgnoresMerges = true },
            Good with { IsNormalised = true },
            Good with { IsNormalised = true, IgnoresMerges = true },
            Good with { TextTokens = [2] },
            Good with { TextTokens = [1, 2] },
        ];
        Assert.Equal(others.Length, others.Select(vocabulary => new ByteLevelBpeTokenizer(vocabulary).Hash).Distinct().Count());
    }

    private static void Refuses(BpeVocabulary vocabulary, string message) =>
        Assert.Equal(message, Assert.Throws<MxdInputException>(() => new ByteLevelBpeTokenizer(vocabulary)).Message);
}
