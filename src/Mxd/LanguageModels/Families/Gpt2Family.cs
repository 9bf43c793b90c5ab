using System.Text.RegularExpressions;
using Mxd.Formats;

namespace Mxd.LanguageModels.Families;

/// <summary>GPT-2 (124M to 1.5B) and its like.</summary>
internal sealed partial class Gpt2Family : ModelFamily
{
    private const int HiddenFactor = 4;

    public override string Name => "gpt2";

    public override string GgufName => "gpt2";

    public override string Members => "GPT-2, DistilGPT-2";

    internal override WeightNames GgufNames { get; } = WeightNames.Gguf with { Positions = "position_embd.weight" };

    public override LanguageModel Create(ModelIdentity identity, TransformerConfig config, TransformerWeights weights) => new Gpt2Model(identity, config, weights);

    internal override TransformerConfig ReadConfig(ConfigJson json)
    {
        json.Require("scale_attn_weights", true);
        json.Require("scale_attn_by_inverse_layer_idx", false);
        json.Require("add_cross_attention", false);
        int width = json.Size("n_embd", "hidden_size");
        return Config(
            layers: json.Size("n_layer", "num_hidden_layers"),
            width,
            heads: json.Size("n_head", "num_attention_heads"),
            mlpWidth: json.OptionalSize("n_inner") ?? HiddenFactor * width,
            vocabulary: json.Size("vocab_size"),
            contextLength: json.Size("n_positions", "n_ctx", "max_position_embeddings"),
            epsilon: (float)(json.OptionalNumber(NumberRange.Epsilon, "layer_norm_epsilon") ?? 1e-5),
            activation: MlpActivation.Parse(json.OptionalText("activation_function") ?? "gelu_new", json.Location),
            isTied: json.Flag("tie_word_embeddings", true),
            json.Location);
    }

    internal override TransformerConfig ReadConfig(GgufConfig header) => Config(
        layers: header.Size("block_count"),
        width: header.Size("embedding_length"),
        heads: header.Size("attention.head_count"),
        mlpWidth: header.Size("feed_forward_length"),
        vocabulary: header.Vocabulary(GgufNames.Embedding),
        contextLength: header.Size("context_length"),
        epsilon: (float)header.Number(NumberRange.Epsilon, "attention.layer_norm_epsilon"),
        activation: "gelu-tanh",
        isTied: !header.File.Contains(GgufNames.Unembedding),
        header.File.Location);

    /// <summary>Matrices are [in,out] here; all names may begin with <c>transformer.</c> or not.</summary>
    internal override WeightNames NamesIn(ITensorSource source, TransformerConfig config)
    {
        string prefix = WeightNames.Prefix(source, "transformer.", "wte.weight");
        return new WeightNames
        {
            Embedding = prefix + "wte.weight",
            Positions = prefix + "wpe.weight",
            Block = layer => $"{prefix}h.{layer}.",
            AttentionNorm = "ln_1",
            QueryKeyValue = ["attn.c_attn"],
            AttentionOut = "attn.c_proj",
            MlpNorm = "ln_2",
            MlpIn = ["mlp.c_fc"],
            MlpOut = "mlp.c_proj",
            FinalNorm = prefix + "ln_f",
            Unembedding = "lm_head.weight",
            IsTransposed = true,
            IsIgnored = name => Masks().IsMatch(name) || (config.IsTied && name == "lm_head.weight"),
        };
    }

    private static TransformerConfig Config(
        int layers, int width, int heads, int mlpWidth, int vocabulary, int contextLength, float epsilon, string activation, bool isTied, string location) =>
        new TransformerConfig(layers, width, heads, heads, HeadWidth(width, heads, location), mlpWidth, vocabulary, contextLength, epsilon, activation)
        {
            IsTied = isTied,
        }.Checked(location);

    [GeneratedRegex(@"\A(transformer\.)?h\.\d+\.attn\.(bias|masked_bias)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Masks();
}
