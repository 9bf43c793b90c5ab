using System.Text.RegularExpressions;
using Mxd.Formats;

namespace Mxd.LanguageModels.Families;

/// <summary>GPT-NeoX: Pythia (70M to 12B) and its like.</summary>
internal sealed partial class NeoxFamily : ModelFamily
{
    private const double StandardShare = 0.25;

    public override string Name => "gpt_neox";

    public override string GgufName => "gptneox";

    public override string Members => "Pythia, GPT-NeoX-20B, Dolly";

    internal override WeightNames GgufNames { get; } = WeightNames.Gguf;

    public override LanguageModel Create(ModelIdentity identity, TransformerConfig config, TransformerWeights weights) => new NeoxModel(identity, config, weights);

    internal override TransformerConfig ReadConfig(ConfigJson json)
    {
        int width = json.Size("hidden_size"), heads = json.Size("num_attention_heads"), headWidth = HeadWidth(width, heads, json.Location);
        var rotary = new RotaryKeys(json);
        int turning = (int)(headWidth * rotary.Share(StandardShare, "rotary_pct", "partial_rotary_factor"));
        return new TransformerConfig(
            json.Size("num_hidden_layers"),
            width,
            heads,
            heads,
            headWidth,
            json.Size("intermediate_size"),
            json.Size("vocab_size"),
            json.Size("max_position_embeddings"),
            (float)(json.OptionalNumber(NumberRange.Epsilon, "layer_norm_eps") ?? 1e-5),
            MlpActivation.Parse(json.OptionalText("hidden_act") ?? "gelu", json.Location))
        {
            Rotary = new RotaryConfig(turning, rotary.Base("rotary_emb_base", "rope_theta"), rotary.Scaling()),
            IsParallel = json.Flag("use_parallel_residual", true),
            IsTied = json.Flag("tie_word_embeddings", false),
            HasAttentionBias = json.Flag("attention_bias", true),
        }.Checked(json.Location);
    }

    internal override TransformerConfig ReadConfig(GgufConfig header)
    {
        int width = header.Size("embedding_length"), heads = header.Size("attention.head_count");
        return new TransformerConfig(
            header.Size("block_count"),
            width,
            heads,
            heads,
            HeadWidth(width, heads, header.File.Location),
            header.Size("feed_forward_length"),
            header.Vocabulary(GgufNames.Embedding),
            header.Size("context_length"),
            (float)header.Number(NumberRange.Epsilon, "attention.layer_norm_epsilon"),
            "gelu")
        {
            Rotary = RotaryKeys.Read(header, header.Size("rope.dimension_count")),
            IsParallel = header.Flag("use_parallel_residual", true),
            IsTied = !header.File.Contains(GgufNames.Unembedding),
            HasAttentionBias = header.File.Contains("blk.0.attn_qkv.bias"),
        }.Checked(header.File.Location);
    }

    /// <summary>Query, key and value are one matrix whose rows go head by head: [heads, 3, head width].</summary>
    internal override WeightNames NamesIn(ITensorSource source, TransformerConfig config)
    {
        string prefix = WeightNames.Prefix(source, "gpt_neox.", "embed_in.weight");
        return new WeightNames
        {
            Embedding = prefix + "embed_in.weight",
            Block = layer => $"{prefix}layers.{layer}.",
            AttentionNorm = "input_layernorm",
            QueryKeyValue = ["attention.query_key_value"],
            AttentionOut = "attention.dense",
            MlpNorm = "post_attention_layernorm",
            MlpIn = ["mlp.dense_h_to_4h"],
            MlpOut = "mlp.dense_4h_to_h",
            FinalNorm = prefix + "final_layer_norm",
            Unembedding = "embed_out.weight",
            RowOrder = (c, _) => rows => rows.view(c.Heads, 3, c.HeadWidth, -1).transpose(0, 1).reshape(rows.shape),
            IsIgnored = name => MasksAndTables().IsMatch(name) || (config.IsTied && name == "embed_out.weight"),
        };
    }

    [GeneratedRegex(@"\A(gpt_neox\.)?(layers\.\d+\.attention\.(bias|masked_bias|rotary_emb\.inv_freq)|rotary_emb\.inv_freq)\z", RegexOptions.CultureInvariant)]
    private static partial Regex MasksAndTables();
}
