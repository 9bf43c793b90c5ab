using System.Text.RegularExpressions;
using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.LanguageModels.Families;

/// <summary>Llama 2, 3, 3.1, 3.2 and what is built like them (SmolLM2, TinyLlama).</summary>
internal sealed partial class LlamaFamily : ModelFamily
{
    private const string Divisors = "rope_freqs.weight";

    public override string Name => "llama";

    public override string GgufName => "llama";

    public override string Members => "Llama 2 to 3.2, SmolLM and SmolLM2, TinyLlama";

    /// <summary>GGUF orders a head's query and key rows for rotating neighbours (2i, 2i + 1); here i turns with i + d/2.</summary>
    internal override WeightNames GgufNames { get; } = WeightNames.Gguf with
    {
        QueryKeyValue = ["attn_q", "attn_k", "attn_v"],
        MlpIn = ["ffn_gate", "ffn_up"],
        RotaryDivisors = Divisors,
        RowOrder = (c, heads) => rows => rows.view(heads, c.HeadWidth / 2, 2, -1).transpose(1, 2).reshape(rows.shape),
    };

    public override LanguageModel Create(ModelIdentity identity, TransformerConfig config, TransformerWeights weights) => new LlamaModel(identity, config, weights);

    internal override TransformerConfig ReadConfig(ConfigJson json)
    {
        int width = json.Size("hidden_size"), heads = json.Size("num_attention_heads");
        int headWidth = json.OptionalSize("head_dim") ?? HeadWidth(width, heads, json.Location);
        json.Require("use_sliding_window", false);
        var rotary = new RotaryKeys(json);
        if (rotary.Share(1, "partial_rotary_factor") is < 1 and var share)
            throw new MxdInputException(FormattableString.Invariant($"{json.Location} has partial_rotary_factor = {share}; Llama models turn whole heads, so only 1 is supported: use another model."));
        return new TransformerConfig(
            json.Size("num_hidden_layers"),
            width,
            heads,
            json.OptionalSize("num_key_value_heads") ?? heads,
            headWidth,
            json.Size("intermediate_size"),
            json.Size("vocab_size"),
            json.Size("max_position_embeddings"),
            (float)(json.OptionalNumber(NumberRange.Epsilon, "rms_norm_eps") ?? 1e-6),
            MlpActivation.Parse(json.OptionalText("hidden_act") ?? "silu", json.Location))
        {
            Rotary = new RotaryConfig(headWidth, rotary.Base("rope_theta"), rotary.Scaling()),
            IsTied = json.Flag("tie_word_embeddings", false),
            HasLayerNorm = false,
            IsGated = true,
            HasAttentionBias = json.Flag("attention_bias", false),
            HasMlpBias = json.Flag("mlp_bias", false),
        }.Checked(json.Location);
    }

    internal override TransformerConfig ReadConfig(GgufConfig header)
    {
        GgufFile file = header.File;
        int width = header.Size("embedding_length"), heads = header.Size("attention.head_count");
        int headWidth = header.OptionalSize("attention.key_length") ?? HeadWidth(width, heads, file.Location);
        int rotated = header.OptionalSize("rope.dimension_count") ?? headWidth;
        if (rotated != headWidth)
            throw new MxdInputException($"{file.Location} rotates {rotated} of {headWidth} values a head; Llama models turn whole heads: use another model.");
        RotaryConfig rotary = RotaryKeys.Read(header, rotated);
        if (rotary.Scaling is not null && file.Contains(Divisors))
            throw new MxdInputException($"{file.Location} has both a linear rotary scaling and {Divisors}; only one of them is supported: use another model.");
        return new TransformerConfig(
            header.Size("block_count"),
            width,
            heads,
            header.OptionalSize("attention.head_count_kv") ?? heads,
            headWidth,
            header.Size("feed_forward_length"),
            header.Vocabulary(GgufNames.Embedding),
            header.Size("context_length"),
            (float)header.Number(NumberRange.Epsilon, "attention.layer_norm_rms_epsilon"),
            "silu")
        {
            Rotary = rotary,
            IsTied = !file.Contains(GgufNames.Unembedding),
            HasLayerNorm = false,
            IsGated = true,
            HasAttentionBias = file.Contains("blk.0.attn_q.bias"),
            HasMlpBias = file.Contains("blk.0.ffn_up.bias"),
        }.Checked(file.Location);
    }

    internal override WeightNames NamesIn(ITensorSource source, TransformerConfig config)
    {
        string prefix = WeightNames.Prefix(source, "model.", "embed_tokens.weight");
        return new WeightNames
        {
            Embedding = prefix + "embed_tokens.weight",
            Block = layer => $"{prefix}layers.{layer}.",
            AttentionNorm = "input_layernorm",
            QueryKeyValue = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
            AttentionOut = "self_attn.o_proj",
            MlpNorm = "post_attention_layernorm",
            MlpIn = ["mlp.gate_proj", "mlp.up_proj"],
            MlpOut = "mlp.down_proj",
            FinalNorm = prefix + "norm",
            Unembedding = "lm_head.weight",
            IsIgnored = name => Tables().IsMatch(name) || (config.IsTied && name == "lm_head.weight"),
        };
    }

    [GeneratedRegex(@"\A(model\.)?(layers\.\d+\.self_attn\.)?rotary_emb\.inv_freq\z", RegexOptions.CultureInvariant)]
    private static partial Regex Tables();
}
