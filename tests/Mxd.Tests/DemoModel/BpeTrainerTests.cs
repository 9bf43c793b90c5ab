using System.Text;
using Mxd.DemoModel;
using Mxd.Tests.Runtime;
using Mxd.Tokenizers;

namespace Mxd.Tests.DemoModel;

public sealed class BpeTrainerTests
{
    [Fact]
    public void Train_MergesTheMostFrequentPairFirst_AndOfEquallyFrequentOnesTheLowest()
    {
        // Pairs: ab 5 + 2, bc 5, ca 2. Then "ab" c 5 before c "ab" 2.
        (IReadOnlyList<byte[]> tokens, IReadOnlyList<(int Left, int Right)> merges) = BpeTrainer.Train(new Dictionary<string, long> { ["abc"] = 5, ["cab"] = 2 }, 300);
        Assert.Equal([('a', 'b'), (256, 'c'), ('c', 256)], merges);
        Assert.Equal(["ab", "abc", "cab"], tokens.Skip(256).Select(Encoding.UTF8.GetString));
    }

    [Fact]
    public void Train_CountsPairsOfRepeatedTokensAsTheyAreMerged()
    {
        (IReadOnlyList<byte[]> tokens, _) = BpeTrainer.Train(new Dictionary<string, long> { ["aaaaa"] = 1 }, 300);
        Assert.Equal(["aa", "aaa", "aaaaa"], tokens.Skip(256).Select(Encoding.UTF8.GetString));
    }

    [Fact]
    public void WrittenTokenizer_CutsTextIntoTheTokensThatWereLearnt()
    {
        using var folder = new TemporaryFolder();
        string[] texts = ["the theme of the thesis", "Größe und Straße, größer als Maße"];
        (IReadOnlyList<byte[]> tokens, IReadOnlyList<(int, int)> merges) = BpeTrainer.Train(BpeTrainer.CountPieces(texts, PreTokenizers.Get(PreTokenizers.Gpt2)), 290);
        ModelFolder.WriteTokenizer(folder.Path, tokens, merges);
        ITokenizer tokenizer = HuggingFaceTokenizer.Load(folder.Path);
        Assert.Equal(tokens.Count + 1, tokenizer.VocabularySize);
        Assert.Equal(tokens.Count, tokenizer.Separator);
        foreach (string text in texts)
        {
            int[] ids = tokenizer.Encode(text);
            Assert.Equal(text, tokenizer.Decode(ids));
            Assert.True(ids.Length < Encoding.UTF8.GetByteCount(text));
        }
    }
}
