using System.Text.Json;
using Mxd.Interchange;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Tests.Layers;
using Mxd.Tests.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Interchange;

/// <summary>Layers trained here in other projects' files: what can be said there is said truthfully, and everything else refused.</summary>
public sealed class ExportTests : IDisposable
{
    private static readonly LayerOrigin origin = new(
        new ModelIdentity("/models/tiny.gguf", "llama", 3, 6, 20, 37, 64, "tok", "w"), "blocks.1.ln2.hook_normalized", "blocks.1.hook_mlp_out", 128, "float32", 4096);

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, string> TypesAndFormats =>
        new(from type in RandomLayers.Names from format in LayerFormats.Names select (type, format));

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(TypesAndFormats))]
    public void EveryLayer_IsWritten_SoThatItComputesTheSame_OrRefused(string type, string name)
    {
        ILayerFormat format = LayerFormats.Get(name);
        int written = 0;
        foreach (LayerOptions options in Variants(type))
        {
            using ILayer layer = RandomLayers.Create(options, seed: 2);
            string path = folder.File(Guid.NewGuid().ToString("N"));
            if (format.WhyNotWritable(options) is { } why)
            {
                string message = Assert.Throws<MxdInputException>(() => format.Write(path, layer, new SavedLayer(options, origin))).Message;
                Assert.Contains($"'{type}' cannot be written as {name} here: {why}; it can be written as native", message, StringComparison.Ordinal);
                Assert.False(Path.Exists(path));
                continue;
            }
            format.Write(path, layer, new SavedLayer(options, origin));
            AssertComputesTheSame(layer, path);
            written++;
        }
        bool known = name switch
        {
            "native" => true,
            "reference" => type is not ("dense" or "linear"),
            _ => type is "sae" or "transcoder" or "skip-transcoder",
        };
        Assert.Equal(known, written > 0);
    }

    [Theory]
    [InlineData("sae", "topk", true)]
    [InlineData("sae", "l1", true)]
    [InlineData("sae", "jumprelu", true)]
    [InlineData("sae", "batch-topk", true)]
    [InlineData("sae", "groupmax", false)]
    [InlineData("transcoder", "topk", false)]
    [InlineData("transcoder", "l1", true)]
    [InlineData("transcoder", "batch-topk", true)]
    [InlineData("skip-transcoder", "jumprelu", true)]
    [InlineData("glu-transcoder", "l1", false)]
    [InlineData("mxd", "topk", false)]
    [InlineData("dense", "", false)]
    public void SaeLens_HasTheFormulasItHas(string type, string sparsity, bool has) =>
        Assert.Equal(has, LayerFormats.Get("saelens").WhyNotWritable(Options(type, sparsity)) is null);

    [Theory]
    [InlineData("sae", "topk", true)]
    [InlineData("sae", "groupmax", true)]
    [InlineData("sae", "l1", false)]
    [InlineData("sae", "batch-topk", false)]
    [InlineData("transcoder", "topk", true)]
    [InlineData("skip-transcoder", "groupmax", true)]
    [InlineData("glu-transcoder", "topk", false)]
    [InlineData("linear", "", false)]
    public void Sparsify_HasTheFormulasItHas(string type, string sparsity, bool has) =>
        Assert.Equal(has, LayerFormats.Get("sparsify").WhyNotWritable(Options(type, sparsity) with { OutputWidth = 6 }) is null);

    [Fact]
    public void OtherActivationsAndFormulas_AreRefused()
    {
        LayerOptions sae = Options("sae", "topk"), transcoder = Options("transcoder", "l1");
        Assert.Contains("gelu", LayerFormats.Get("saelens").WhyNotWritable(transcoder with { Activation = "gelu" }), StringComparison.Ordinal);
        Assert.Contains("gelu", LayerFormats.Get("sparsify").WhyNotWritable(sae with { Activation = "gelu" }), StringComparison.Ordinal);
        Assert.Contains("from 6 to 5", LayerFormats.Get("sparsify").WhyNotWritable(Options("transcoder", "topk")), StringComparison.Ordinal);
        Assert.Contains("this one does not", LayerFormats.Get("sparsify").WhyNotWritable(sae with { SubtractsInputBias = false }), StringComparison.Ordinal);
        Assert.NotNull(LayerFormats.Get("sparsify").WhyNotWritable(sae with { Normalisation = InputNormalisation.LayerNorm }));
        Assert.NotNull(LayerFormats.Get("sparsify").WhyNotWritable(sae with { RescaleByDecoderNorm = true }));
        Assert.NotNull(LayerFormats.Get("saelens").WhyNotWritable(Options("sae", "l1") with { RescaleByDecoderNorm = true }));
        Assert.Null(LayerFormats.Get("saelens").WhyNotWritable(sae with { RescaleByDecoderNorm = true, Normalisation = InputNormalisation.ConstantNormRescale }));
    }

    [Fact]
    public void SaeLens_GetsTheFieldsItWritesItself_WithWhatIsTrueOfTheLayer()
    {
        JsonElement config = Write("saelens", Options("sae", "topk") with { SubtractsInputBias = false });
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(
            """
            {"d_in":6,"d_sae":12,"dtype":"float32","device":"cpu","apply_b_dec_to_input":false,"normalize_activations":"none","reshape_activations":"none",
            "metadata":{"sae_lens_version":"6.54.12","sae_lens_training_version":null,"model_name":"tiny","hook_name":"blocks.1.ln2.hook_normalized",
            "hook_name_out":"blocks.1.hook_mlp_out","prepend_bos":true,"context_size":128},"k":4,"rescale_acts_by_decoder_norm":false,"architecture":"topk"}
            """), config), config.GetRawText());
        foreach (SaeLensArchitecture architecture in SaeLensArchitecture.All)
            Assert.Equal(Fields(ForeignFiles.SaeLens(architecture.Name)), Fields(Write("saelens", OptionsOf(architecture))));
    }

    [Fact]
    public void Sparsify_GetsTheFieldsItWritesItself()
    {
        JsonElement config = Write("sparsify", Options("skip-transcoder", "groupmax") with { OutputWidth = 6, UnitNorm = false });
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(
            """
            {"activation":"groupmax","expansion_factor":2,"normalize_decoder":false,"num_latents":12,"k":4,"multi_topk":false,"skip_connection":true,"transcode":true,"d_in":6}
            """), config), config.GetRawText());
    }

    [Fact]
    public void ATrainedBatchTopK_BecomesAJumpRelu_WithOneThreshold()
    {
        using DisposeScope scope = NewDisposeScope();
        Write("saelens", Options("sae", "batch-topk"));
        using ImportedLayer back = LayerFormats.Get("saelens").Read(folder.File("saelens"), CPU);
        Assert.Equal("jumprelu", FolderFacts.Config(folder.File("saelens")).GetProperty("architecture").GetString());
        Tensor threshold = back.Layer.Parameter("threshold").Value;
        Assert.Equal([12], threshold.shape);
        Assert.Equal(threshold.min().ToSingle(), threshold.max().ToSingle());
    }

    [Fact]
    public void ALayerOfOneProject_GoesToAnother_WithWhatIsKnownOfIt()
    {
        ForeignFiles.SaeLens("topk", units: 12).Save(folder.File("from"));
        using ImportedLayer layer = LayerFormats.Get("saelens").Read(folder.File("from"), CPU);
        LayerFormats.Get("sparsify").Write(folder.File("there"), layer.Layer, layer.Saved);
        AssertComputesTheSame(layer.Layer, folder.File("there"));

        ForeignFiles.Sparsify(units: 12).Save(folder.File("layers.1.mlp"));
        using ImportedLayer other = LayerFormats.Get("sparsify").Read(folder.File("layers.1.mlp"), CPU);
        LayerFormats.Get("saelens").Write(folder.File("here"), other.Layer, other.Saved);
        AssertComputesTheSame(other.Layer, folder.File("here"));
        JsonElement metadata = FolderFacts.Config(folder.File("here")).GetProperty("metadata");
        Assert.Equal("blocks.1.hook_mlp_out", metadata.GetProperty("hook_name").GetString());
        Assert.Equal(JsonValueKind.Null, metadata.GetProperty("model_name").ValueKind);
        Assert.Equal(JsonValueKind.Null, metadata.GetProperty("prepend_bos").ValueKind);
    }

    [Fact]
    public void AnExistingDestination_IsRefused_AndLeftAlone()
    {
        LayerOptions options = Options("sae", "topk");
        using ILayer layer = RandomLayers.Create(options, seed: 2);
        Directory.CreateDirectory(folder.File("taken"));
        File.WriteAllText(folder.File("taken.safetensors"), "mine");
        foreach (ILayerFormat format in LayerFormats.All)
            Assert.Contains("exists already", Assert.Throws<MxdInputException>(() => format.Write(folder.File("taken"), layer, new SavedLayer(options, origin))).Message, StringComparison.Ordinal);
        Assert.Throws<MxdInputException>(() => LayerFormats.Native.Write(folder.File("taken.safetensors"), layer, new SavedLayer(options, origin)));
        Assert.Equal("mine", File.ReadAllText(folder.File("taken.safetensors")));
        Assert.Equal(2, Directory.GetFileSystemEntries(folder.Path, "*", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public void Sparsify_WarnsOfAnInput_ThatItsFoldersCannotName()
    {
        LayerOptions options = Options("transcoder", "topk");
        Assert.Contains("before the norm's scale", LayerFormats.Get("sparsify").Caution(new SavedLayer(options, origin)), StringComparison.Ordinal);
        Assert.Contains(
            "--input blocks.1.ln2.output --output blocks.1.hook_mlp_out",
            LayerFormats.Get("sparsify").Caution(new SavedLayer(options, origin with { Input = "blocks.1.ln2.output" })),
            StringComparison.Ordinal);
        Assert.Null(LayerFormats.Get("saelens").Caution(new SavedLayer(options, origin)));
    }

    private JsonElement Write(string format, LayerOptions options)
    {
        if (Directory.Exists(folder.File(format))) Directory.Delete(folder.File(format), recursive: true);
        using ILayer layer = RandomLayers.Create(options, seed: 2);
        LayerFormats.Get(format).Write(folder.File(format), layer, new SavedLayer(options, origin));
        return FolderFacts.Config(folder.File(format));
    }

    /// <summary>Every sparsity and formula of dictionaries, with widths that differ and do not.</summary>
    private static IEnumerable<LayerOptions> Variants(string type)
    {
        LayerOptions plain = RandomLayers.Options(type, units: 12, k: 4);
        if (plain.Sparsity is null) return [plain];
        IEnumerable<LayerOptions> all = RandomLayers.Sparsities(type).Where(s => s is not Sparsity.JumpRelu || plain.Activation == "relu").Select(s => plain with { Sparsity = s });
        if (plain.Hidden is null)
        {
            all = all.SelectMany(o => new[] { o, o with { Normalisation = InputNormalisation.LayerNorm }, o with { RescaleByDecoderNorm = true } });
            all = all.SelectMany(o => o.Sparsity is Sparsity.JumpRelu || o.RescaleByDecoderNorm ? [o] : new[] { o, o with { Activation = "gelu" } });
        }
        return all.SelectMany(o => new[] { o, o with { OutputWidth = 6 } }).Distinct();
    }

    private static LayerOptions Options(string type, string sparsity) => RandomLayers.Options(type, units: 12, k: 4) is { Sparsity: null } none
        ? none
        : RandomLayers.Options(type, units: 12, k: 4) with
        {
            Sparsity = sparsity switch
            {
                "l1" => new Sparsity.L1(0.1),
                "jumprelu" => new Sparsity.JumpRelu(0.1),
                "batch-topk" => new Sparsity.BatchTopK(4),
                "groupmax" => new Sparsity.GroupMax(4),
                _ => new Sparsity.TopK(4),
            },
        };

    private static LayerOptions OptionsOf(SaeLensArchitecture architecture) =>
        RandomLayers.Options(architecture.Type, units: 12, k: 4) with { Sparsity = architecture.ToSparsity(4) };

    private static string[] Fields(ForeignFiles files) => Fields(JsonElement.Parse(files.Config.ToJsonString()));

    private static string[] Fields(JsonElement config) =>
        [.. config.EnumerateObject().Concat(config.GetProperty("metadata").EnumerateObject()).Select(p => p.Name).Order(StringComparer.Ordinal)];

    private static void AssertComputesTheSame(ILayer layer, string path)
    {
        using DisposeScope scope = NewDisposeScope();
        using ImportedLayer back = LayerFormats.Recognise(path).Read(path, CPU);
        Tensor x = RandomLayers.Rows(9, layer.Options.InputWidth, seed: 3);
        if (layer.Options.Units > 0) GoldenTensors.AssertClose(layer.Encode(x).ToDense(), back.Layer.Encode(x).ToDense(), 1e-5, $"acts of {layer.Options}");
        GoldenTensors.AssertClose(layer.Forward(x), back.Layer.Forward(x), 1e-5, $"y of {layer.Options}");
    }
}
