using System.Text.Json;
using System.Text.Json.Nodes;
using Mxd.Formats;
using Mxd.LanguageModels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.LanguageModels;

/// <summary>Writes models as Hugging Face folders, in the layouts and with the additions that such folders have had over the years.</summary>
internal sealed class HuggingFaceFolder(string family, TransformerConfig config)
{
    /// <summary>A tensor of the folder: its shape there, and how its values come from the weights.</summary>
    public sealed record Stored(string Name, long[] Shape, Func<TransformerWeights, Tensor> Value);

    public bool HasPrefix { get; init; } = true;

    public RotaryLayout Layout { get; init; }

    public ScalarType Dtype { get; init; } = ScalarType.Float32;

    /// <summary>Files the tensors are spread over.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>Are masks, rotary tables and copies of tied weights written too?</summary>
    public bool HasBuffers { get; init; }

    public Action<JsonObject>? Edit { get; init; }

    private long Queries => (long)config.Heads * config.HeadWidth;

    private long Keys => (long)config.KeyValueHeads * config.HeadWidth;

    public void Write(string folder, TransformerWeights weights)
    {
        using DisposeScope scope = NewDisposeScope();
        (string, Tensor)[] tensors = [.. Tensors().Select(t => (t.Name, t.Value(weights).contiguous().to(Dtype))), .. HasBuffers ? Buffers(weights) : []];
        WriteConfig(folder);
        if (Shards == 1)
        {
            SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), tensors);
            return;
        }
        var map = new JsonObject();
        for (int shard = 0; shard < Shards; shard++)
        {
            string file = $"model-{shard + 1:d5}-of-{Shards:d5}.safetensors";
            (string Name, Tensor)[] part = [.. tensors.Where((_, i) => i % Shards == shard)];
            SafetensorsWriter.Write(Path.Combine(folder, file), part);
            foreach ((string name, _) in part) map[name] = file;
        }
        var index = new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = 1 }, ["weight_map"] = map };
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), index.ToJsonString());
    }

    public void WriteConfig(string folder)
    {
        Directory.CreateDirectory(folder);
        JsonObject json = Json();
        Edit?.Invoke(json);
        File.WriteAllText(Path.Combine(folder, "config.json"), json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    /// <summary>The tensors of the weights themselves.</summary>
    public IEnumerable<Stored> Tensors() => family switch
    {
        "gpt2" => Gpt2(HasPrefix ? "transformer." : ""),
        "gpt_neox" => Neox(HasPrefix ? "gpt_neox." : ""),
        _ => Llama(HasPrefix ? "model." : ""),
    };

    private IEnumerable<Stored> Gpt2(string prefix)
    {
        int width = config.Width;
        yield return new(prefix + "wte.weight", [config.Vocabulary, width], w => w.Embedding);
        yield return new(prefix + "wpe.weight", [config.ContextLength, width], w => w.Positions!);
        for (int i = 0; i < config.Layers; i++)
        {
            (int layer, string block) = (i, $"{prefix}h.{i}.");
            foreach (Stored t in Norm(block + "ln_1", w => w.Blocks[layer].AttentionNorm).Concat(Norm(block + "ln_2", w => w.Blocks[layer].MlpNorm))) yield return t;
            foreach (Stored t in Transposed(block + "attn.c_attn", 3 * width, width, w => w.Blocks[layer].QueryKeyValue)) yield return t;
            foreach (Stored t in Transposed(block + "attn.c_proj", width, width, w => w.Blocks[layer].AttentionOut)) yield return t;
            foreach (Stored t in Transposed(block + "mlp.c_fc", config.MlpWidth, width, w => w.Blocks[layer].MlpIn)) yield return t;
            foreach (Stored t in Transposed(block + "mlp.c_proj", width, config.MlpWidth, w => w.Blocks[layer].MlpOut)) yield return t;
        }
        foreach (Stored t in Norm(prefix + "ln_f", w => w.FinalNorm)) yield return t;
        if (!config.IsTied) yield return new("lm_head.weight", [config.Vocabulary, width], w => w.Unembedding);
    }

    private IEnumerable<Stored> Neox(string prefix)
    {
        int width = config.Width;
        yield return new(prefix + "embed_in.weight", [config.Vocabulary, width], w => w.Embedding);
        for (int i = 0; i < config.Layers; i++)
        {
            (int layer, string block) = (i, $"{prefix}layers.{i}.");
            foreach (Stored t in Norm(block + "input_layernorm", w => w.Blocks[layer].AttentionNorm)) yield return t;
            foreach (Stored t in Norm(block + "post_attention_layernorm", w => w.Blocks[layer].MlpNorm)) yield return t;
            foreach (Stored t in Linear(block + "attention.query_key_value", 3 * width, width, config.HasAttentionBias, w => w.Blocks[layer].QueryKeyValue, ByHead)) yield return t;
            foreach (Stored t in Linear(block + "attention.dense", width, width, config.HasAttentionBias, w => w.Blocks[layer].AttentionOut)) yield return t;
            foreach (Stored t in Linear(block + "mlp.dense_h_to_4h", config.MlpWidth, width, true, w => w.Blocks[layer].MlpIn)) yield return t;
            foreach (Stored t in Linear(block + "mlp.dense_4h_to_h", width, config.MlpWidth, true, w => w.Blocks[layer].MlpOut)) yield return t;
        }
        foreach (Stored t in Norm(prefix + "final_layer_norm", w => w.FinalNorm)) yield return t;
        if (!config.IsTied) yield return new("embed_out.weight", [config.Vocabulary, width], w => w.Unembedding);

        // Query, key and value of a head together: [3, heads, d] to [heads, 3, d].
        Tensor ByHead(Tensor rows) => rows.reshape(3, config.Heads, config.HeadWidth, -1).transpose(0, 1).reshape(rows.shape);
    }

    private IEnumerable<Stored> Llama(string prefix)
    {
        int width = config.Width, hidden = config.MlpWidth;
        yield return new(prefix + "embed_tokens.weight", [config.Vocabulary, width], w => w.Embedding);
        for (int i = 0; i < config.Layers; i++)
        {
            (int layer, string block) = (i, $"{prefix}layers.{i}.");
            foreach (Stored t in Norm(block + "input_layernorm", w => w.Blocks[layer].AttentionNorm)) yield return t;
            foreach (Stored t in Norm(block + "post_attention_layernorm", w => w.Blocks[layer].MlpNorm)) yield return t;
            foreach ((string name, long first, long rows) in new[] { ("q", 0L, Queries), ("k", Queries, Keys), ("v", Queries + Keys, Keys) })
                foreach (Stored t in Linear($"{block}self_attn.{name}_proj", rows, width, config.HasAttentionBias, w => w.Blocks[layer].QueryKeyValue, all => all.narrow(0, first, rows))) yield return t;
            foreach (Stored t in Linear(block + "self_attn.o_proj", width, Queries, config.HasAttentionBias, w => w.Blocks[layer].AttentionOut)) yield return t;
            foreach ((string name, long first) in new[] { ("gate", 0L), ("up", hidden) })
                foreach (Stored t in Linear($"{block}mlp.{name}_proj", hidden, width, config.HasMlpBias, w => w.Blocks[layer].MlpIn, all => all.narrow(0, first, hidden))) yield return t;
            foreach (Stored t in Linear(block + "mlp.down_proj", width, hidden, config.HasMlpBias, w => w.Blocks[layer].MlpOut)) yield return t;
        }
        foreach (Stored t in Norm(prefix + "norm", w => w.FinalNorm)) yield return t;
        if (!config.IsTied) yield return new("lm_head.weight", [config.Vocabulary, width], w => w.Unembedding);
    }

    private IEnumerable<Stored> Norm(string name, Func<TransformerWeights, NormWeights> of)
    {
        yield return new(name + ".weight", [config.Width], w => of(w).Scale);
        if (config.HasLayerNorm) yield return new(name + ".bias", [config.Width], w => of(w).Shift!);
    }

    private static IEnumerable<Stored> Linear(
        string name, long rows, long columns, bool hasBias, Func<TransformerWeights, LinearWeights> of, Func<Tensor, Tensor>? order = null)
    {
        yield return new(name + ".weight", [rows, columns], w => Ordered(of(w).Weight));
        if (hasBias) yield return new(name + ".bias", [rows], w => Ordered(of(w).Bias!));

        Tensor Ordered(Tensor all) => order?.Invoke(all) ?? all;
    }

    private static IEnumerable<Stored> Transposed(string name, long rows, long columns, Func<TransformerWeights, LinearWeights> of)
    {
        yield return new(name + ".weight", [columns, rows], w => of(w).Weight.t());
        yield return new(name + ".bias", [rows], w => of(w).Bias!);
    }

    private IEnumerable<(string, Tensor)> Buffers(TransformerWeights weights)
    {
        for (int i = 0; i < config.Layers; i++)
            foreach ((string name, Tensor value) in family switch
            {
                "gpt2" => new[] { ($"h.{i}.attn.bias", ones(1, 1, 4, 4)), ($"h.{i}.attn.masked_bias", tensor(-1e4f)) },
                "gpt_neox" => [($"layers.{i}.attention.bias", ones(1, 1, 4, 4, dtype: ScalarType.Bool)), ($"layers.{i}.attention.masked_bias", tensor(-1e9f)), ($"layers.{i}.attention.rotary_emb.inv_freq", ones(2))],
                _ => [($"layers.{i}.self_attn.rotary_emb.inv_freq", ones(2))],
            })
                yield return (Tensors().First().Name.Split("wte")[0].Split("embed")[0] + name, value);
        if (config.IsTied) yield return (family == "gpt_neox" ? "embed_out.weight" : "lm_head.weight", weights.Embedding.clone());
    }

    private JsonObject Json() => family switch
    {
        "gpt2" => new JsonObject
        {
            ["model_type"] = "gpt2",
            ["n_layer"] = config.Layers,
            ["n_embd"] = config.Width,
            ["n_head"] = config.Heads,
            ["n_inner"] = config.MlpWidth,
            ["vocab_size"] = config.Vocabulary,
            ["n_positions"] = config.ContextLength,
            ["layer_norm_epsilon"] = config.NormEpsilon,
            ["activation_function"] = ActivationName,
            ["tie_word_embeddings"] = config.IsTied,
            [DtypeName] = "float32",
        },
        "gpt_neox" => WithRotary(new JsonObject
        {
            ["model_type"] = "gpt_neox",
            ["num_hidden_layers"] = config.Layers,
            ["hidden_size"] = config.Width,
            ["num_attention_heads"] = config.Heads,
            ["intermediate_size"] = config.MlpWidth,
            ["vocab_size"] = config.Vocabulary,
            ["max_position_embeddings"] = config.ContextLength,
            ["layer_norm_eps"] = config.NormEpsilon,
            ["hidden_act"] = ActivationName,
            ["use_parallel_residual"] = config.IsParallel,
            ["tie_word_embeddings"] = config.IsTied,
            ["attention_bias"] = config.HasAttentionBias,
            [DtypeName] = "float16",
        }),
        _ => WithRotary(new JsonObject
        {
            ["model_type"] = "llama",
            ["num_hidden_layers"] = config.Layers,
            ["hidden_size"] = config.Width,
            ["num_attention_heads"] = config.Heads,
            ["num_key_value_heads"] = config.KeyValueHeads,
            ["head_dim"] = config.HeadWidth,
            ["intermediate_size"] = config.MlpWidth,
            ["vocab_size"] = config.Vocabulary,
            ["max_position_embeddings"] = config.ContextLength,
            ["rms_norm_eps"] = config.NormEpsilon,
            ["hidden_act"] = ActivationName,
            ["tie_word_embeddings"] = config.IsTied,
            ["attention_bias"] = config.HasAttentionBias,
            ["mlp_bias"] = config.HasMlpBias,
            ["pad_token_id"] = null,
            [DtypeName] = "bfloat16",
        }),
    };

    private string DtypeName => Layout == RotaryLayout.Older ? "torch_dtype" : "dtype";

    private string ActivationName => config.Activation == "gelu-tanh" ? "gelu_new" : config.Activation;

    private JsonObject WithRotary(JsonObject json)
    {
        if (Layout == RotaryLayout.Older)
        {
            JsonObject scaling = Scaling("type");
            json["rope_scaling"] = config.Rotary!.Scaling is null ? null : scaling;
            return WithBase(json, config.Rotary.Base, Share);
        }
        JsonObject section = Scaling("rope_type");
        section["rope_theta"] = config.Rotary!.Base;
        if (IsNeox) section["partial_rotary_factor"] = Share;
        json[Layout is RotaryLayout.ScalingAlone or RotaryLayout.ScalingFirst ? "rope_scaling" : "rope_parameters"] = section;
        if (Layout is RotaryLayout.Newer or RotaryLayout.ScalingAlone) return json;
        if (Layout == RotaryLayout.EmptyScaling) json["rope_scaling"] = new JsonObject();
        else json["rope_parameters"] = new JsonObject { ["rope_type"] = "linear", ["factor"] = 3, ["rope_theta"] = 17, ["partial_rotary_factor"] = 0.9 };
        return WithBase(json, 23, 0.8);
    }

    private bool IsNeox => family == "gpt_neox";

    private double Share => (double)config.Rotary!.Width / config.HeadWidth;

    private JsonObject WithBase(JsonObject json, double rotaryBase, double share)
    {
        json[IsNeox ? "rotary_emb_base" : "rope_theta"] = rotaryBase;
        if (IsNeox) json["rotary_pct"] = share;
        return json;
    }

    private JsonObject Scaling(string kindOfLinear) => config.Rotary!.Scaling switch
    {
        RotaryScaling.Linear(var factor) => new JsonObject { [kindOfLinear] = "linear", ["factor"] = factor },
        RotaryScaling.Llama3(var factor, var low, var high, var context) => new JsonObject
        {
            ["rope_type"] = "llama3",
            ["factor"] = factor,
            ["low_freq_factor"] = low,
            ["high_freq_factor"] = high,
            ["original_max_position_embeddings"] = context,
        },
        _ => new JsonObject { ["rope_type"] = "default" },
    };
}
