using System.Text.Json;
using System.Text.Json.Nodes;
using Mxd.Formats;
using Mxd.Interchange;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Tests.Layers;
using Mxd.Tests.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Interchange;

public sealed class NativeLayerTests : IDisposable
{
    private static readonly LayerOrigin origin = new(
        new ModelIdentity("m.gguf", "llama", 3, 12, 20, 37, 64, "tok", "w"), "blocks.1.ln2.hook_normalized", "blocks.1.hook_mlp_out", 128, "float32", 4096);

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Types => RandomLayers.Types;

    private string Path => folder.File(NativeLayer.FileName);

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Types))]
    public void Load_ReturnsWhatWasSaved_BitForBit(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer saved = Save(type);
        (SavedLayer header, ILayer loaded) = NativeLayer.Load(Path, CPU);
        using (loaded)
        {
            Assert.Equal(new SavedLayer(saved.Options, origin), header);
            Assert.Equal(header, NativeLayer.ReadHeader(Path));
            Assert.Equal(saved.Parameters.Select(p => p.Key), loaded.Parameters.Select(p => p.Key));
            foreach (Parameter parameter in saved.Parameters)
                GoldenTensors.AssertClose(parameter.Value, loaded.Parameter(parameter.Key).Value, 0, parameter.Key);
        }
    }

    [Fact]
    public void Save_KeepsTheReferencesOrientation()
    {
        using DisposeScope scope = NewDisposeScope();
        Save("mxd").Dispose();
        using SafetensorsFile file = SafetensorsFile.Open(Path);
        Assert.Equal([6, 7], file.Describe("W_enc").Shape);
        Assert.Equal([7, 5], file.Describe("W_dec").Shape);
        Assert.Equal([9, 6], file.Describe("gate").Shape);
        Assert.Equal([5, 9], file.Describe("W_cond").Shape);
    }

    [Theory]
    [InlineData("sparsity", "{\"kind\":\"topk\",\"k\":10}", "K is 10, more than the 9 units there are")]
    [InlineData("sparsity", "{\"kind\":\"topk\",\"k\":0}", "K is 0")]
    [InlineData("sparsity", "{\"kind\":\"median\"}", "median")]
    [InlineData("sparsity", "null", "'mxd' needs a sparsity")]
    [InlineData("units", "8", "gate is [9, 6], but the layer's options need [8, 6]")]
    [InlineData("units", "1000000000000", "gate is [9, 6], but the layer's options need [1000000000000, 6]")]
    [InlineData("output_width", "6", "need [7, 6]")]
    [InlineData("type", "\"moe\"", "Layer type 'moe' is not known")]
    [InlineData("type", "\"transcoder\"", "no hidden layer")]
    [InlineData("activation", "\"swish\"", "Activation 'swish' is not known")]
    [InlineData("hidden", "null", "hidden width is absent")]
    [InlineData("extra", "1", "extra")]
    public void Load_RefusesAHeaderThatDoesNotFit_NamingTheFile(string key, string value, string rule)
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = Save("mxd");
        JsonNode header = JsonNode.Parse(Metadata()["layer"])!;
        header["layer"]![key] = JsonNode.Parse(value);
        Write(layer, header.ToJsonString());
        Refused(rule);
    }

    [Fact]
    public void Load_RefusesAMissingTensor_AndOneTooMany()
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = Save("transcoder");
        Dictionary<string, string> metadata = Metadata();
        SafetensorsWriter.Write(Path, layer.Parameters.Where(p => p.Key != "b_enc").Select(p => (p.Key, p.AsStored())), metadata);
        Refused("b_enc");
        SafetensorsWriter.Write(Path, [.. layer.Parameters.Select(p => (p.Key, p.AsStored())), ("W_skip", zeros(5, 6))], metadata);
        Refused("W_skip");
    }

    [Fact]
    public void Load_RefusesAFileOfAnotherFormat()
    {
        using DisposeScope scope = NewDisposeScope();
        SafetensorsWriter.Write(Path, [("W_enc", zeros(2, 2))]);
        Refused("not a layer saved by mxd");
        using ILayer layer = RandomLayers.Create(RandomLayers.Options("mxd", 9, 4), seed: 1);
        Write(layer, JsonSerializer.Serialize(new SavedLayer(layer.Options, origin), Json.Compact), format: "mxd layer 2");
        Refused("not a layer saved by mxd");
    }

    [Fact]
    public void Load_LeavesTheParametersAlive_AndNothingElse()
    {
        using ILayer saved = Save("mxd");
        Assert.Equal(7, LiveTensors.LeftBy(() => NativeLayer.Load(Path, CPU)));
        Assert.Equal(0, LiveTensors.LeftBy(() =>
        {
            NativeLayer.Save(Path, saved, origin);
            return saved;
        }));
    }

    private void Refused(string rule)
    {
        string message = Assert.Throws<MxdInputException>(() => NativeLayer.Load(Path, CPU)).Message;
        Assert.StartsWith(Path, message, StringComparison.Ordinal);
        Assert.Contains(rule, message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, char.IsControl);
    }

    private ILayer Save(string type)
    {
        ILayer layer = RandomLayers.Create(RandomLayers.Options(type, 9, 4), seed: 1);
        NativeLayer.Save(Path, layer, origin);
        return layer;
    }

    private void Write(ILayer layer, string header, string? format = null) => SafetensorsWriter.Write(
        Path,
        layer.Parameters.Select(p => (p.Key, p.AsStored())),
        new Dictionary<string, string> { ["format"] = format ?? Metadata()["format"], ["layer"] = header });

    private Dictionary<string, string> Metadata()
    {
        using SafetensorsFile file = SafetensorsFile.Open(Path);
        return file.Metadata.ToDictionary();
    }
}
