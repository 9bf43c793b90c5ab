using Mxd.Formats;
using Mxd.LanguageModels;
using Mxd.Tests.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.LanguageModels;

/// <summary>Writes models as GGUF files without a vocabulary, as llama.cpp's converter names and orders things. Activations are the family's own.</summary>
internal sealed class GgufModel(string family, TransformerConfig config)
{
    private const uint Float32Type = 0;

    /// <summary>Is a linear scaling under the older of its two keys?</summary>
    public bool HasOlderKeys { get; init; }

    /// <summary>Adds to the file.</summary>
    public Action<GgufBuilder>? More { get; init; }

    private bool IsLlama => family == "llama";

    private string Architecture => family == "gpt_neox" ? "gptneox" : family;

    public void Write(string path, TransformerWeights weights)
    {
        using DisposeScope scope = NewDisposeScope();
        GgufBuilder file = Metadata();
        Add(file, "token_embd.weight", weights.Embedding);
        if (weights.Positions is { } positions) Add(file, "position_embd.weight", positions);
        for (int layer = 0; layer < config.Layers; layer++) AddBlock(file, $"blk.{layer}.", weights.Blocks[layer]);
        AddNorm(file, "output_norm", weights.FinalNorm);
        if (!config.IsTied) Add(file, "output.weight", weights.Unembedding);
        if (config.Rotary?.Scaling is RotaryScaling.Llama3 scaling) Add(file, "rope_freqs.weight", Divisors(config.Rotary, scaling));
        More?.Invoke(file);
        File.WriteAllBytes(path, file.Build());
    }

    private GgufBuilder Metadata()
    {
        var file = new GgufBuilder();
        file.Text("general.architecture", Architecture);
        Size("block_count", config.Layers);
        Size("embedding_length", config.Width);
        Size("attention.head_count", config.Heads);
        Size("feed_forward_length", config.MlpWidth);
        Size("context_length", config.ContextLength);
        Number(IsLlama ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon", config.NormEpsilon);
        if (config.Rotary is not { } rotary) return file;
        Size("rope.dimension_count", rotary.Width);
        Number("rope.freq_base", rotary.Base);
        if (rotary.Scaling is RotaryScaling.Linear(var factor))
        {
            if (!HasOlderKeys) file.Text($"{Architecture}.rope.scaling.type", "linear");
            Number(HasOlderKeys ? "rope.scale_linear" : "rope.scaling.factor", (float)factor);
        }
        if (!IsLlama) return file.Value($"{Architecture}.use_parallel_residual", GgufValueType.Bool, w => w.Write(config.IsParallel));
        Size("attention.head_count_kv", config.KeyValueHeads);
        Size("attention.key_length", config.HeadWidth);
        return file;

        void Size(string key, int value) => file.UInt32($"{Architecture}.{key}", (uint)value);

        void Number(string key, float value) => file.Value($"{Architecture}.{key}", GgufValueType.Float32, w => w.Write(value));
    }

    private void AddBlock(GgufBuilder file, string prefix, BlockWeights block)
    {
        AddNorm(file, prefix + "attn_norm", block.AttentionNorm);
        AddNorm(file, prefix + "ffn_norm", block.MlpNorm);
        AddLinear(file, prefix + "attn_output", block.AttentionOut);
        AddLinear(file, prefix + "ffn_down", block.MlpOut);
        if (!IsLlama)
        {
            AddLinear(file, prefix + "attn_qkv", block.QueryKeyValue);
            AddLinear(file, prefix + "ffn_up", block.MlpIn);
            return;
        }
        long queries = (long)config.Heads * config.HeadWidth, keys = (long)config.KeyValueHeads * config.HeadWidth;
        AddLinear(file, prefix + "attn_q", block.QueryKeyValue, rows => Interleaved(rows.narrow(0, 0, queries), config.Heads));
        AddLinear(file, prefix + "attn_k", block.QueryKeyValue, rows => Interleaved(rows.narrow(0, queries, keys), config.KeyValueHeads));
        AddLinear(file, prefix + "attn_v", block.QueryKeyValue, rows => rows.narrow(0, queries + keys, keys));
        AddLinear(file, prefix + "ffn_gate", block.MlpIn, rows => rows.narrow(0, 0, config.MlpWidth));
        AddLinear(file, prefix + "ffn_up", block.MlpIn, rows => rows.narrow(0, config.MlpWidth, config.MlpWidth));
    }

    /// <summary>Rows i and i + d/2 of a head stand beside one another in the file.</summary>
    private Tensor Interleaved(Tensor rows, int heads) => rows.reshape(heads, 2, config.HeadWidth / 2, -1).transpose(1, 2).reshape(rows.shape);

    private static Tensor Divisors(RotaryConfig rotary, RotaryScaling scaling) =>
        tensor([.. Enumerable.Range(0, rotary.Width / 2).Select(i => (float)scaling.Divisor(Math.Pow(rotary.Base, -2.0 * i / rotary.Width)))]);

    private static void AddNorm(GgufBuilder file, string name, NormWeights norm)
    {
        Add(file, name + ".weight", norm.Scale);
        if (norm.Shift is { } shift) Add(file, name + ".bias", shift);
    }

    private static void AddLinear(GgufBuilder file, string name, LinearWeights linear, Func<Tensor, Tensor>? order = null)
    {
        Add(file, name + ".weight", Ordered(linear.Weight));
        if (linear.Bias is { } bias) Add(file, name + ".bias", Ordered(bias));

        Tensor Ordered(Tensor rows) => order?.Invoke(rows) ?? rows;
    }

    private static void Add(GgufBuilder file, string name, Tensor tensor) => file.Tensor(
        name, [.. tensor.shape.Reverse().Select(s => (ulong)s)], Float32Type, [.. tensor.contiguous().data<float>().SelectMany(BitConverter.GetBytes)]);
}
