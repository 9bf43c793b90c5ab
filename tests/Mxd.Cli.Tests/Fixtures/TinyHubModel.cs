using System.Text.Json.Nodes;
using Mxd.LanguageModels;
using Mxd.Tests.LanguageModels;
using Mxd.Tokenizers;

namespace Mxd.Cli.Tests.Fixtures;

/// <summary>A GPT-2 of random weights in Hugging Face's layout, with a tokenizer of bytes alone.</summary>
internal static class TinyHubModel
{
    public const int Width = 32, Layers = 2, ContextLength = 96;

    private const string EndOfText = "<|endoftext|>";

    public static void Write(string folder)
    {
        var config = new TransformerConfig(Layers, Width, 4, 4, Width / 4, 4 * Width, Vocabulary: 257, ContextLength, NormEpsilon: 1e-5f, "gelu-tanh") { IsTied = true };
        using (TransformerWeights weights = RandomTransformer.Weights(config, seed: 1)) new HuggingFaceFolder("gpt2", config).Write(folder, weights);
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), Tokenizer().ToJsonString());
    }

    private static JsonObject Tokenizer()
    {
        var tokens = new JsonObject();
        for (int value = 0; value < 256; value++) tokens[ByteAlphabet.ToCharacter((byte)value).ToString()] = value;
        tokens[EndOfText] = 256;
        return new JsonObject
        {
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false },
            ["added_tokens"] = new JsonArray(new JsonObject { ["id"] = 256, ["content"] = EndOfText, ["special"] = true }),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = tokens, ["merges"] = new JsonArray() },
        };
    }
}
