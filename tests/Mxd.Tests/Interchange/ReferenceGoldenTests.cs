using Mxd.Formats;
using Mxd.Formats.Pickle;
using Mxd.Interchange;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Tests.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Interchange;

/// <summary>Checkpoints that the published implementation saved, as layers, and back.</summary>
[Trait("Category", "Golden")]
public sealed class ReferenceGoldenTests : IDisposable
{
    private const string Results = ".io";

    /// <summary>Fields that follow from the layer and its origin, and not from the published run.</summary>
    private static readonly string[] layerFields =
    [
        "model_name", "hook_point", "hook_point_layer", "context_size", "d_in", "dtype", "is_transcoder", "use_conditional", "use_glu", "use_skip", "topk",
        "mlp_activation_fn", "norm_dec", "d_sae",
    ];

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Layers =>
        [.. TestFiles.FindGolden("checkpoints", $"*{Results}.safetensors").Select(row => row.Data[..^Results.Length])];

    public static TheoryData<string> Frequencies => TestFiles.FindGolden("checkpoints", "*_log_feature_sparsity.pt");

    public void Dispose() => folder.Dispose();

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Layers))]
    public void Read_GivesTheLayerOfThePublishedActivationsAndOutputs(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using ReferenceCheckpoint read = ReferenceCheckpoint.Read(Checkpoint(name), CPU);
        using SafetensorsFile golden = SafetensorsFile.Open(TestFiles.GoldenPath(name, Results + ".safetensors"));
        Tensor x = golden.Read("x");
        SparseCodes codes = read.Layer.Encode(x);
        GoldenTensors.AssertClose(golden.Read("acts"), codes.ToDense(), 1e-5, "acts");
        GoldenTensors.AssertClose(golden.Read("out"), read.Layer.Decode(codes, x), 1e-5, "out");
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Layers))]
    public void Read_TakesWhatTheFileSaysOfItsOrigin(string name)
    {
        using ReferenceCheckpoint read = ReferenceCheckpoint.Read(Checkpoint(name), CPU);
        using TorchFile file = TorchFile.Open(Checkpoint(name));
        PickleNode config = file.Root["cfg"];
        Assert.Equal(config["model_name"].ToText(), read.Facts.ModelName);
        Assert.Equal(config["hook_point"].ToText(), read.Facts.Input);
        Assert.Equal(config[config["is_transcoder"].ToBoolean() ? "out_hook_point" : "hook_point"].ToText(), read.Facts.Output);
        Assert.Equal((int)config["context_size"].ToInt64(), read.Facts.ContextLength);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Layers))]
    public void Write_GivesTheCheckpointBack(string name)
    {
        string copy = folder.File(Path.GetFileName(Checkpoint(name)));
        using (ReferenceCheckpoint read = ReferenceCheckpoint.Read(Checkpoint(name), CPU)) ReferenceCheckpoint.Write(copy, read.Layer, read.Facts);
        using TorchFile golden = TorchFile.Open(Checkpoint(name)), written = TorchFile.Open(copy);
        AssertSame(golden.Root.Value, written.Root.Value, name);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Layers))]
    public void Write_MakesAConfigurationLikeThePublishedOnes_ForALayerFromElsewhere(string name)
    {
        string copy = folder.File(Path.GetFileName(Checkpoint(name)));
        LayerOptions options;
        using (ReferenceCheckpoint read = ReferenceCheckpoint.Read(Checkpoint(name), CPU))
        {
            options = read.Layer.Options;
            ReferenceCheckpoint.Write(copy, read.Layer, read.Facts with { Config = null, TrainedTokens = 2_000_000 });
        }
        using TorchFile golden = TorchFile.Open(Checkpoint(name)), written = TorchFile.Open(copy);
        PickleDict expected = Fields(golden), actual = Fields(written);
        Assert.Equal(expected.Select(field => field.Key.ToString()), actual.Select(field => field.Key.ToString()));
        foreach ((PickleValue key, PickleValue value) in expected.Where(field => field.Value is not PickleNone && actual[field.Key.ToString()] is not PickleNone))
            Assert.Equal((key.ToString(), Kind(value)), (key.ToString(), Kind(actual[key.ToString()])));
        foreach (string field in layerFields) AssertSame(expected[field], actual[field], field);
        using ReferenceCheckpoint again = ReferenceCheckpoint.Read(copy, CPU);
        Assert.Equal(options, again.Layer.Options);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Frequencies))]
    public void ReadLogFrequencies_GivesOneNumberAUnit_AndTheFileIsNoLayer(string name)
    {
        string path = TestFiles.GoldenPath(name, ".pt");
        using Tensor frequencies = ReferenceCheckpoint.ReadLogFrequencies(path);
        using ReferenceCheckpoint layer = ReferenceCheckpoint.Read(path.Replace("_log_feature_sparsity", "", StringComparison.Ordinal), CPU);
        Assert.Equal([layer.Layer.Options.Units], frequencies.shape);
        Assert.True((frequencies <= 0).all().item<bool>());
        string message = Assert.Throws<MxdInputException>(() => ReferenceCheckpoint.Read(path, CPU)).Message;
        Assert.Contains($"holds one tensor [{frequencies.shape[0]}] and no configuration: it is a list of log10 firing frequencies, not a layer", message, StringComparison.Ordinal);
    }

    /// <summary>Equal values of equal kinds all the way down; tensors in their bits, sizes and strides.</summary>
    private static void AssertSame(PickleValue expected, PickleValue actual, string place)
    {
        Assert.Equal((place, expected.GetType()), (place, actual.GetType()));
        if (expected is PickleTensor tensor)
        {
            var other = (PickleTensor)actual;
            Assert.Equal((tensor.Dtype, string.Join(' ', tensor.Shape), string.Join(' ', tensor.Strides)), (other.Dtype, string.Join(' ', other.Shape), string.Join(' ', other.Strides)));
            using Tensor a = tensor.Read(), b = other.Read();
            Assert.Equal(a.bytes.ToArray(), b.bytes.ToArray());
            return;
        }
        Assert.Equal($"{place} {expected}", $"{place} {actual}");
        if (expected is PickleDict dict)
            Assert.Equal(dict.Select(entry => entry.Key.ToString()), ((PickleDict)actual).Select(entry => entry.Key.ToString()));
        if (expected is not PickleContainer container) return;
        Assert.Equal(container.ChildCount, ((PickleContainer)actual).ChildCount);
        for (int i = 0; i < container.ChildCount; i++) AssertSame(container.Child(i), ((PickleContainer)actual).Child(i), $"{place}.{i}");
    }

    /// <summary>A ratio may be whole in one file and not in another.</summary>
    private static string Kind(PickleValue value) => value is PickleInt or PickleFloat ? "number" : value.GetType().Name;

    private static PickleDict Fields(TorchFile file) => Assert.IsType<PickleRecord>(file.Root["cfg"].Value).Fields;

    private static string Checkpoint(string name) => TestFiles.GoldenPath(name, ReferenceCheckpoint.Extension);
}
