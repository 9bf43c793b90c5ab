using Mxd.Formats;
using Mxd.Runtime;
using Mxd.Tests.Runtime;
using Mxd.Tokenizers;

namespace Mxd.Tests.Tokenizers;

public sealed class GgufTokenizerTests : IDisposable
{
    private const int Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5;
    private readonly TemporaryFolder folder = new();

    private static Dictionary<string, object> Good => new()
    {
        ["tokenizer.ggml.model"] = "gpt2",
        ["tokenizer.ggml.pre"] = "smollm",
        ["tokenizer.ggml.tokens"] = new[] { "<e>", "a", "b", "ab", "Ġa", "Ġ", "<u>", "<n>" },
        ["tokenizer.ggml.token_type"] = new[] { Control, Normal, Normal, Normal, Normal, Normal, UserDefined, Unknown },
        ["tokenizer.ggml.merges"] = new[] { "a b", "Ġ a" },
        ["tokenizer.ggml.bos_token_id"] = 1u,
        ["tokenizer.ggml.eos_token_id"] = 0u,
    };

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Load_ReadsVocabularyMergesSpecialTokensAndMarks()
    {
        ITokenizer tokenizer = Load(Good);
        Assert.Equal(8, tokenizer.VocabularySize);
        Assert.Equal([3, 4, 0, 6, 1], tokenizer.Encode("ab a<e><u>a"));
        Assert.Equal([], tokenizer.Encode("<n>"));
        Assert.Equal((0, 1), (tokenizer.Separator, tokenizer.FirstToken));
    }

    [Fact]
    public void UnusedTokens_AreMissing()
    {
        Assert.Empty(Load(Good).MissingIds);
        Assert.Equal([2, 7], Load(With("tokenizer.ggml.token_type", new[] { Control, Normal, Unused, Normal, Normal, Normal, UserDefined, Unused })).MissingIds);
    }

    [Fact]
    public void Load_TakesAFileWithoutTokenTypesAndMarks()
    {
        Dictionary<string, object> values = Good;
        values.Remove("tokenizer.ggml.token_type");
        values.Remove("tokenizer.ggml.bos_token_id");
        values.Remove("tokenizer.ggml.eos_token_id");
        Assert.Empty(Load(values).Encode("<e>"));
    }

    [Theory]
    [InlineData("tokenizer.ggml.model")]
    [InlineData("tokenizer.ggml.pre")]
    [InlineData("tokenizer.ggml.tokens")]
    [InlineData("tokenizer.ggml.merges")]
    public void Load_RefusesAMissingKey_NamingIt(string key)
    {
        Dictionary<string, object> values = Good;
        values.Remove(key);
        Assert.Contains($"has no metadata '{key}'", Refused(values), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_RefusesOtherKindsOfVocabulary() =>
        Assert.EndsWith(
            "model.gguf has a tokenizer of kind 'llama'; only 'gpt2' (byte-level BPE) is read: use a model with such a vocabulary.",
            Refused(With("tokenizer.ggml.model", "llama")), StringComparison.Ordinal);

    [Fact]
    public void Load_RefusesAnUnknownPreTokenizer_NamingTheFile() =>
        Assert.EndsWith(
            "model.gguf: The vocabulary's pre-tokeniser is 'falcon'; known are gpt-2, llama-bpe, qwen2, smollm: use a model with one of these.",
            Refused(With("tokenizer.ggml.pre", "falcon")), StringComparison.Ordinal);

    [Fact]
    public void Load_RefusesTypesThatDoNotFitTheTokens() =>
        Assert.EndsWith(
            "model.gguf has 8 tokens but 2 token types; each token needs one: download the file again.",
            Refused(With("tokenizer.ggml.token_type", new[] { 1, 1 })), StringComparison.Ordinal);

    [Theory]
    [InlineData(8u, "8")]
    [InlineData(uint.MaxValue, "2147483647")]
    public void Load_RefusesAMarkOutsideTheVocabulary(uint id, string shown) =>
        Assert.EndsWith(
            $"model.gguf: The vocabulary's end of sequence is id {shown}, but its ids are 0 to 7: download the file again.",
            Refused(With("tokenizer.ggml.eos_token_id", id)), StringComparison.Ordinal);

    private static Dictionary<string, object> With(string key, object value) => new(Good) { [key] = value };

    private string Refused(Dictionary<string, object> values) => Assert.Throws<MxdInputException>(() => Load(values)).Message;

    private ITokenizer Load(Dictionary<string, object> values)
    {
        GgufMetadataFile.Write(folder.File("model.gguf"), values);
        using GgufFile file = GgufFile.Open(folder.File("model.gguf"));
        return GgufTokenizer.Load(file);
    }
}
