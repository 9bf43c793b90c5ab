using System.Text;
using Mxd.Formats;
using Mxd.LanguageModels;
using Mxd.Tests.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.LanguageModels;

/// <summary>A <see cref="TinyLlama"/> as a GGUF file, with a vocabulary of made-up words.</summary>
internal static class TinyGguf
{
    private const uint Float32Type = 0;

    public static void Write(string path, int seed = 1, Action<GgufBuilder>? more = null)
    {
        using DisposeScope scope = NewDisposeScope();
        TransformerConfig c = TinyLlama.Config;
        using TransformerWeights weights = TinyLlama.Weights(c, seed, ScalarType.Float32);
        GgufBuilder file = Metadata(c);
        Add("token_embd.weight", weights.Embedding);
        Add("output_norm.weight", weights.FinalNorm.Scale);
        Add("output.weight", weights.Unembedding);
        for (int layer = 0; layer < c.Layers; layer++) AddBlock($"blk.{layer}.", weights.Blocks[layer]);
        more?.Invoke(file);
        File.WriteAllBytes(path, file.Build());

        void AddBlock(string prefix, BlockWeights block)
        {
            long keys = c.KeyValueHeads * c.HeadWidth;
            Tensor[] projections = block.QueryKeyValue.Weight.split([(long)c.Heads * c.HeadWidth, keys, keys], 0);
            Tensor[] branches = block.MlpIn.Weight.split([c.MlpWidth, c.MlpWidth], 0);
            Add(prefix + "attn_norm.weight", block.AttentionNorm.Scale);
            Add(prefix + "attn_q.weight", Interleaved(projections[0], c.Heads));
            Add(prefix + "attn_k.weight", Interleaved(projections[1], c.KeyValueHeads));
            Add(prefix + "attn_v.weight", projections[2]);
            Add(prefix + "attn_output.weight", block.AttentionOut.Weight);
            Add(prefix + "ffn_norm.weight", block.MlpNorm.Scale);
            Add(prefix + "ffn_gate.weight", branches[0]);
            Add(prefix + "ffn_up.weight", branches[1]);
            Add(prefix + "ffn_down.weight", block.MlpOut.Weight);
        }

        void Add(string name, Tensor tensor) => file.Tensor(
            name, [.. tensor.shape.Reverse().Select(s => (ulong)s)], Float32Type, [.. tensor.contiguous().data<float>().SelectMany(BitConverter.GetBytes)]);

        // Rows i and i + d/2 of a head stand beside one another in the file.
        Tensor Interleaved(Tensor rows, int heads) =>
            rows.reshape(heads, 2, c.HeadWidth / 2, c.Width).transpose(1, 2).reshape(rows.shape);
    }

    private static GgufBuilder Metadata(TransformerConfig c)
    {
        string[] words = ["<|endoftext|>", .. Enumerable.Range(1, c.Vocabulary - 1).Select(i => $"w{i}")];
        return new GgufBuilder()
            .Text("general.architecture", "llama")
            .UInt32("llama.block_count", (uint)c.Layers)
            .UInt32("llama.embedding_length", (uint)c.Width)
            .UInt32("llama.attention.head_count", (uint)c.Heads)
            .UInt32("llama.attention.head_count_kv", (uint)c.KeyValueHeads)
            .UInt32("llama.attention.key_length", (uint)c.HeadWidth)
            .UInt32("llama.feed_forward_length", (uint)c.MlpWidth)
            .UInt32("llama.context_length", (uint)c.ContextLength)
            .Value("llama.attention.layer_norm_rms_epsilon", GgufValueType.Float32, w => w.Write(c.NormEpsilon))
            .Value("llama.rope.freq_base", GgufValueType.Float32, w => w.Write(c.Rotary!.Base))
            .Text("tokenizer.ggml.model", "gpt2")
            .Text("tokenizer.ggml.pre", "smollm")
            .Array("tokenizer.ggml.tokens", GgufValueType.String, (ulong)words.Length, w => Array.ForEach(words, word => GgufBuilder.WriteString(w, Encoding.UTF8.GetBytes(word))))
            .Array("tokenizer.ggml.token_type", GgufValueType.Int32, (ulong)words.Length, w => Array.ForEach(words, word => w.Write(word[0] == '<' ? 3 : 1)))
            .Array("tokenizer.ggml.merges", GgufValueType.String, 0, _ => { })
            .UInt32("tokenizer.ggml.bos_token_id", 0)
            .UInt32("tokenizer.ggml.eos_token_id", 0);
    }
}
