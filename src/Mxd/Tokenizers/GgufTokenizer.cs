using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Tokenizers;

/// <summary>Makes the tokenizer that a GGUF file carries in its metadata, under <c>tokenizer.ggml</c>.</summary>
public static class GgufTokenizer
{
    private const string ByteLevelBpe = "gpt2";

    /// <summary>Token types of GGUF that are recognised in a text as they are written: CONTROL and USER_DEFINED.</summary>
    private static readonly int[] SpecialTypes = [3, 4];

    /// <summary>The type of what converters put where an embedding has no token: UNUSED.</summary>
    private const int Unused = 5;

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
        int[] types = Types(file, tokens.Length);
        return new BpeVocabulary(
            tokens,
            metadata.GetStrings("tokenizer.ggml.merges"),
            [.. Enumerable.Range(0, types.Length).Where(id => SpecialTypes.Contains(types[id]))],
            metadata.GetString("tokenizer.ggml.pre"),
            Id(metadata, "tokenizer.ggml.bos_token_id"),
            Id(metadata, "tokenizer.ggml.eos_token_id"))
        {
            IgnoresMerges = metadata.GetString("tokenizer.ggml.pre") == PreTokenizers.Llama,
            MissingIds = [.. Enumerable.Range(0, types.Length).Where(id => types[id] == Unused)],
        };
    }

    /// <summary>A type a token; none where the file gives no types.</summary>
    private static int[] Types(GgufFile file, int tokens)
    {
        if (!file.Metadata.TryGetInts("tokenizer.ggml.token_type", out int[]? types)) return [];
        if (types.Length != tokens)
            throw new MxdInputException($"{file.Location} has {tokens} tokens but {types.Length} token types; each token needs one: download the file again.");
        return types;
    }

    // An id too large for an int is outside every vocabulary; the tokenizer's own check says so.
    private static int? Id(GgufMetadata metadata, string key) =>
        metadata.TryGetUInt32(key, out uint id) ? (int)Math.Min(id, int.MaxValue) : null;
}
