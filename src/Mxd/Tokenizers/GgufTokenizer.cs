using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Tokenizers;

/// <summary>Makes the tokenizer that a GGUF file carries in its metadata, under <c>tokenizer.ggml</c>.</summary>
public static class GgufTokenizer
{
    private const string ByteLevelBpe = "gpt2";

    /// <summary>Token types of GGUF that are recognised in a text as they are written: CONTROL and USER_DEFINED.</summary>
    private static readonly int[] SpecialTypes = [3, 4];

    /// <exception cref="MxdInputException">The file has no vocabulary, or one that is not byte-level BPE with a known pre-tokeniser.</exception>
    public static ITokenizer Load(GgufFile file)
    {
        BpeVocabulary vocabulary = Read(file);
        try
        {
            return new ByteLevelBpeTokenizer(vocabulary);
        }
        catch (MxdInputException e)
        {
            throw new MxdInputException($"{file.Location}: {e.Message}", e);
        }
    }

    private static BpeVocabulary Read(GgufFile file)
    {
        GgufMetadata metadata = file.Metadata;
        string model = metadata.GetString("tokenizer.ggml.model");
        if (model != ByteLevelBpe)
            throw new MxdInputException($"{file.Location} has a tokenizer of kind {Shown.Name(model)}; only '{ByteLevelBpe}' (byte-level BPE) is read: use a model with such a vocabulary.");
        string[] tokens = metadata.GetStrings("tokenizer.ggml.tokens");
        return new BpeVocabulary(
            tokens,
            metadata.GetStrings("tokenizer.ggml.merges"),
            SpecialTokens(file, tokens.Length),
            metadata.GetString("tokenizer.ggml.pre"),
            Id(metadata, "tokenizer.ggml.bos_token_id"),
            Id(metadata, "tokenizer.ggml.eos_token_id"))
        {
            IgnoresMerges = metadata.GetString("tokenizer.ggml.pre") == PreTokenizers.Llama,
        };
    }

    private static int[] SpecialTokens(GgufFile file, int tokens)
    {
        if (!file.Metadata.TryGetInts("tokenizer.ggml.token_type", out int[]? types)) return [];
        if (types.Length != tokens)
            throw new MxdInputException($"{file.Location} has {tokens} tokens but {types.Length} token types; each token needs one: download the file again.");
        return [.. Enumerable.Range(0, tokens).Where(id => SpecialTypes.Contains(types[id]))];
    }

    // An id too large for an int is outside every vocabulary; the tokenizer's own check says so.
    private static int? Id(GgufMetadata metadata, string key) =>
        metadata.TryGetUInt32(key, out uint id) ? (int)Math.Min(id, int.MaxValue) : null;
}
