using System.Text;
using System.Text.Json.Nodes;
using Mxd.Formats;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Tests.Formats;
using Mxd.Tests.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.LanguageModels;

/// <summary>Configurations in folders and GGUF headers that would be computed wrongly, or not at all, and must be refused by name.</summary>
public sealed class ModelRefusalTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Path => folder.File("model");

    private string Gguf => folder.File("model.gguf");

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("gpt2", "model_type", "\"mamba\"", "'mamba'; known are gpt2, gpt_neox, llama")]
    [InlineData("gpt2", "model_type", "null", "has no model_type")]
    [InlineData("gpt2", "n_embd", "-3", "n_embd")]
    [InlineData("gpt2", "n_layer", "\"many\"", "n_layer")]
    [InlineData("gpt2", "n_head", "5000", "5000 heads")]
    [InlineData("gpt2", "activation_function", "\"mish\"", "'mish'")]
    [InlineData("gpt2", "scale_attn_by_inverse_layer_idx", "true", "scale_attn_by_inverse_layer_idx")]
    [InlineData("gpt2", "scale_attn_weights", "false", "scale_attn_weights = false; only true")]
    [InlineData("gpt2", "add_cross_attention", "true", "add_cross_attention")]
    [InlineData("gpt2", "is_causal", "false", "is_causal = false; only true")]
    [InlineData("gpt2", "layer_norm_epsilon", "-1e-5", "layer_norm_epsilon = '-1e-5'; a number from 1E-30 to 1 is expected: ")]
    [InlineData("gpt2", "layer_norm_epsilon", "1.5", "layer_norm_epsilon")]
    [InlineData("gpt2", "layer_norm_epsilon", "1e-60", "layer_norm_epsilon")]
    [InlineData("gpt2", "n_layer", "null", "has no n_layer; the nearest are ")]
    [InlineData("gpt2", "n_layer", "null", ": download the file again")]
    [InlineData("gpt_neox", "rotary_pct", "7", "rotary_pct")]
    [InlineData("gpt_neox", "rotary_pct", "0.01", "rotates 0")]
    [InlineData("gpt_neox", "rotary_emb_base", "0", "rotary_emb_base")]
    [InlineData("gpt_neox", "rotary_emb_base", "1e39", "rotary_emb_base = '1e39'; a number from 1E-06 to 1E+38 is expected: ")]
    [InlineData("gpt_neox", "rope_scaling", "{\"type\": \"linear\", \"factor\": 2, \"rope_theta\": -1}", "rope_scaling has rope_theta = '-1'")]
    [InlineData("gpt_neox", "layer_norm_eps", "0", "layer_norm_eps")]
    [InlineData("llama", "rope_theta", "-10000", "rope_theta")]
    [InlineData("llama", "rms_norm_eps", "1e300", "rms_norm_eps")]
    [InlineData("llama", "partial_rotary_factor", "0.5", "partial_rotary_factor = 0.5")]
    [InlineData("llama", "rope_parameters", "{\"partial_rotary_factor\": 0.25}", "partial_rotary_factor = 0.25", "rope_scaling")]
    [InlineData("llama", "use_sliding_window", "true", "use_sliding_window = true; only false")]
    [InlineData("llama", "rope_scaling", "{\"type\": \"linear\", \"factor\": 1e300}", "rope_scaling has factor = '1e300'; a number from 0.001 to 1000000")]
    [InlineData("llama", "rope_scaling", "{\"type\": \"linear\", \"factor\": 0}", "factor")]
    [InlineData("llama", "rope_scaling", "{\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": -1, \"high_freq_factor\": 4, \"original_max_position_embeddings\": 16}", "low_freq_factor = '-1'")]
    [InlineData("llama", "rope_scaling", "{\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 1, \"high_freq_factor\": 1e39, \"original_max_position_embeddings\": 16}", "high_freq_factor = '1e39'")]
    [InlineData("llama", "rope_scaling", "{\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 4, \"high_freq_factor\": 4, \"original_max_position_embeddings\": 16}", "low_freq_factor = 4 and high_freq_factor = 4")]
    [InlineData("llama", "rope_scaling", "{\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 1, \"high_freq_factor\": 4, \"original_max_position_embeddings\": 2147483648}", "original_max_position_embeddings")]
    [InlineData("llama", "hidden_act", "\"a\\nb\"", "the activation 'a\uFFFDb'")]
    [InlineData("llama", "rope_scaling", "{\"rope_type\": \"yarn\"}", "'yarn'")]
    [InlineData("llama", "rope_scaling", "{\"rope_type\": \"llama3\"}", "has no factor")]
    [InlineData("llama", "num_key_value_heads", "1000", "1000 key heads")]
    [InlineData("llama", "quantization_config", "{}", "quantised")]
    [InlineData("llama", "vocab_size", "1e99", "vocab_size")]
    public void ConfigurationsThatCannotBeUsed_AreRefusedByName(string family, string key, string value, string expected, string? removed = null)
    {
        using DisposeScope scope = NewDisposeScope();
        TransformerConfig config = RandomTransformer.Config(family, 4);
        using TransformerWeights weights = RandomTransformer.Weights(config, 4);
        new HuggingFaceFolder(family, config) { Edit = Edit }.Write(Path, weights);
        string message = Refused();
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);

        void Edit(JsonObject json)
        {
            if (removed is not null) json.Remove(removed);
            json[key] = JsonNode.Parse(value);
        }
    }

    [Fact]
    public void FoldersWithoutAConfiguration_AreRefused()
    {
        Directory.CreateDirectory(Path);
        Assert.Contains("config.json is missing", Refused(), StringComparison.Ordinal);
        File.WriteAllText(System.IO.Path.Combine(Path, "config.json"), "[1]");
        Assert.Contains("one JSON object", Refused(), StringComparison.Ordinal);
        File.WriteAllText(System.IO.Path.Combine(Path, "config.json"), "{\"model_type\": ");
        Assert.Contains("cannot be read", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void AConfiguration_MayBeginWithAByteOrderMark()
    {
        using DisposeScope scope = NewDisposeScope();
        TransformerConfig config = RandomTransformer.Config("gpt2", 4);
        using TransformerWeights weights = RandomTransformer.Weights(config, 4);
        new HuggingFaceFolder("gpt2", config).Write(Path, weights);
        string json = System.IO.Path.Combine(Path, "config.json");
        File.WriteAllText(json, File.ReadAllText(json), new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        using ModelFile file = ModelFile.Open(Path);
        Assert.Equal(config, file.Config);
    }

    [Theory]
    [InlineData("""{"model_type": "\ud800"}""")]
    [InlineData("""{"model_type": "gpt2", "\udfff": 1}""")]
    [InlineData("""{"model_type": "gpt2", "list": [{"a": ["\ud800x"]}]}""")]
    public void HalvesOfSurrogatePairs_AreRefusedInOneLine(string json)
    {
        Directory.CreateDirectory(Path);
        File.WriteAllText(System.IO.Path.Combine(Path, "config.json"), json);
        string message = Refused();
        Assert.Contains("cannot be read", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    public static TheoryData<string, string, GgufValueType, object, string> UnsupportedHeaders => new()
    {
        { "llama", "attention.sliding_window", GgufValueType.UInt32, 4096u, "attention.sliding_window = '4096'; only 0" },
        { "gpt2", "attention.sliding_window", GgufValueType.UInt32, 8u, "attention.sliding_window" },
        { "gpt_neox", "attention.scale", GgufValueType.Float32, 0.5f, "attention.scale = '0.5'; only" },
        { "llama", "attention.scale", GgufValueType.Float32, float.NaN, "attention.scale" },
        { "llama", "logit_scale", GgufValueType.Float32, 8f, "logit_scale = '8'; only 0 or 1" },
        { "llama", "embedding_scale", GgufValueType.Float32, 12f, "embedding_scale" },
        { "llama", "residual_scale", GgufValueType.Float32, 0.2f, "residual_scale" },
        { "llama", "attn_logit_softcapping", GgufValueType.Float32, 50f, "attn_logit_softcapping" },
        { "gpt2", "attention.causal", GgufValueType.Bool, false, "attention.causal = 'False'; only true" },
        { "llama", "expert_count", GgufValueType.UInt32, 8u, "expert_count" },
        { "gpt_neox", "rope.scaling.type", GgufValueType.String, "yarn", "'yarn'" },
        { "llama", "rope.scaling.factor", GgufValueType.Float32, 1e9f, "rope.scaling.factor = 1E+09; a number from 0.001 to 1000000" },
        { "llama", "rope.scaling.factor", GgufValueType.Float32, float.NaN, "rope.scaling.factor" },
    };

    [Theory]
    [MemberData(nameof(UnsupportedHeaders))]
    public void GgufSettingsThatChangeTheResult_AreRefusedByName(string family, string key, GgufValueType type, object value, string expected)
    {
        WriteGguf(family, file => Setting(file, family, key, type, value));
        string message = Refused(Gguf);
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void GgufSettingsThatChangeNothing_AreTaken()
    {
        WriteGguf("llama", file =>
        {
            foreach ((string key, float value) in new[] { ("attention.scale", 0f), ("logit_scale", 1f), ("embedding_scale", 0f), ("residual_scale", 1f), ("rope.scaling.factor", 1f) })
                Setting(file, "llama", key, GgufValueType.Float32, value);
            Setting(file, "llama", "attention.sliding_window", GgufValueType.UInt32, 0u);
            Setting(file, "llama", "attention.causal", GgufValueType.Bool, true);
        });
        using ModelFile file = ModelFile.Open(Gguf);
        file.CheckWeights();
    }

    [Theory]
    [InlineData("norm", float.NaN)]
    [InlineData("norm", 0f)]
    [InlineData("norm", 2f)]
    [InlineData("base", float.PositiveInfinity)]
    [InlineData("base", -1f)]
    public void GgufNumbersThatCannotBeComputedWith_AreRefusedByName(string which, float value)
    {
        TransformerConfig config = RandomTransformer.Config("gpt_neox", 4);
        config = which == "norm" ? config with { NormEpsilon = value } : config with { Rotary = config.Rotary! with { Base = value } };
        using TransformerWeights weights = RandomTransformer.Weights(config, 4);
        new GgufModel("gpt_neox", config).Write(Gguf, weights);
        string message = Refused(Gguf);
        Assert.Contains(which == "norm" ? "gptneox.attention.layer_norm_epsilon" : "gptneox.rope.freq_base", message, StringComparison.Ordinal);
        Assert.Matches("a number from .* is expected: ", message);
    }

    [Fact]
    public void AGgufFile_WithTwoRotaryScalings_IsRefused()
    {
        TransformerConfig config = RandomTransformer.Config("llama", 0);
        WriteGguf("llama", file => file.Tensor("rope_freqs.weight", [(ulong)config.HeadWidth / 2], 0, new byte[2 * config.HeadWidth]), c => c with
        {
            Rotary = c.Rotary! with { Scaling = new RotaryScaling.Linear(2) },
        });
        Assert.Contains("both a linear rotary scaling and rope_freqs.weight", Refused(Gguf), StringComparison.Ordinal);
    }

    [Fact]
    public void AGgufEmbedding_ThatIsNoMatrix_IsRefused()
    {
        File.WriteAllBytes(Gguf, GgufHeader().Tensor("token_embd.weight", [8], 0, new byte[32]).Build());
        Assert.Contains("has token_embd.weight [8]; an embedding is a matrix", Refused(Gguf), StringComparison.Ordinal);
        File.WriteAllBytes(Gguf, GgufHeader().Build());
        Assert.Contains("has no tensor token_embd.weight", Refused(Gguf), StringComparison.Ordinal);

        static GgufBuilder GgufHeader()
        {
            GgufBuilder file = new GgufBuilder().Text("general.architecture", "gpt2");
            foreach (string key in new[] { "block_count", "embedding_length", "attention.head_count", "feed_forward_length", "context_length" }) file.UInt32("gpt2." + key, 8);
            return file.Value("gpt2.attention.layer_norm_epsilon", GgufValueType.Float32, w => w.Write(1e-5f));
        }
    }

    private static void Setting(GgufBuilder file, string family, string key, GgufValueType type, object value)
    {
        string name = $"{(family == "gpt_neox" ? "gptneox" : family)}.{key}";
        _ = value switch
        {
            string text => file.Text(name, text),
            uint number => file.UInt32(name, number),
            bool flag => file.Value(name, type, w => w.Write(flag)),
            float number => file.Value(name, type, w => w.Write(number)),
            _ => throw new NotSupportedException($"{type}"),
        };
    }

    private void WriteGguf(string family, Action<GgufBuilder> more, Func<TransformerConfig, TransformerConfig>? change = null)
    {
        TransformerConfig config = RandomTransformer.Config(family, 0);
        if (config.Rotary is not null) config = config with { Rotary = config.Rotary with { Scaling = null } };
        config = change?.Invoke(config) ?? config;
        using TransformerWeights weights = RandomTransformer.Weights(config, 0);
        new GgufModel(family, config) { More = more }.Write(Gguf, weights);
    }

    private string Refused() => Refused(Path);

    private static string Refused(string path) => Assert.Throws<MxdInputException>(() =>
    {
        using ModelFile file = ModelFile.Open(path);
        file.CheckWeights();
    }).Message;
}
