using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mxd.Formats;
using Mxd.Runtime;
using Mxd.Tokenizers;
using static TorchSharp.torch;

namespace Mxd.DemoModel;

/// <summary>Writes a GPT-2 in Hugging Face's layout.</summary>
internal static class ModelFolder
{
    private const string EndOfText = "<|endoftext|>";

    private static readonly JsonSerializerOptions json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void WriteTokenizer(string folder, IReadOnlyList<byte[]> tokens, IReadOnlyList<(int Left, int Right)> merges)
    {
        string[] names = [.. tokens.Select(token => string.Concat(token.Select(ByteAlphabet.ToCharacter)))];
        var vocabulary = new JsonObject();
        for (int id = 0; id < names.Length; id++) vocabulary[names[id]] = id;
        vocabulary[EndOfText] = names.Length;
        JsonObject ByteLevel() => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true };
        var tokenizer = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray(new JsonObject
            {
                ["id"] = names.Length,
                ["content"] = EndOfText,
                ["single_word"] = false,
                ["lstrip"] = false,
                ["rstrip"] = false,
                ["normalized"] = false,
                ["special"] = true,
            }),
            ["normalizer"] = null,
            ["pre_tokenizer"] = ByteLevel(),
            ["post_processor"] = null,
            ["decoder"] = ByteLevel(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = "",
                ["end_of_word_suffix"] = "",
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. merges.Select(m => (JsonNode)$"{names[m.Left]} {names[m.Right]}")]),
            },
        };
        AtomicFile.WriteAllText(Path.Combine(folder, "tokenizer.json"), tokenizer.ToJsonString(json) + "\n");
        AtomicFile.WriteAllText(
            Path.Combine(folder, "tokenizer_config.json"),
            new JsonObject { ["bos_token"] = EndOfText, ["eos_token"] = EndOfText, ["tokenizer_class"] = "GPT2Tokenizer" }.ToJsonString(json) + "\n");
    }

    /// <summary>Weights in float16.</summary>
    public static void WriteModel(string folder, Gpt2Network network)
    {
        Gpt2Sizes sizes = network.Sizes;
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray("GPT2LMHeadModel"),
            ["model_type"] = "gpt2",
            ["activation_function"] = "gelu",
            ["vocab_size"] = sizes.Vocabulary,
            ["n_embd"] = sizes.Width,
            ["n_layer"] = sizes.Layers,
            ["n_head"] = sizes.Heads,
            ["n_positions"] = sizes.ContextLength,
            ["layer_norm_epsilon"] = 1e-5,
            ["tie_word_embeddings"] = true,
            ["bos_token_id"] = sizes.Vocabulary - 1,
            ["eos_token_id"] = sizes.Vocabulary - 1,
            ["torch_dtype"] = "float16",
        };
        AtomicFile.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(
            Path.Combine(folder, "model.safetensors"),
            network.Parameters.Select(p => ("transformer." + p.Key, p.Value.detach().to(ScalarType.Float16))),
            new Dictionary<string, string> { ["format"] = "pt" });
    }
}
