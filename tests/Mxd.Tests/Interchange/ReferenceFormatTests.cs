using Mxd.Interchange;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Tests.Layers;
using Mxd.Tests.Runtime;
using static TorchSharp.torch;

namespace Mxd.Tests.Interchange;

public sealed class ReferenceFormatTests : IDisposable
{
    private static readonly LayerOrigin origin = new(
        new ModelIdentity("/models/tiny.gguf", "llama", 3, 6, 20, 37, 64, "tok", "w"), "blocks.1.ln2.hook_normalized", "blocks.1.hook_mlp_out", 64, "float32", 4096);

    private readonly TemporaryFolder folder = new();

    private static ILayerFormat Format => LayerFormats.Get("reference");

    public static TheoryData<string> Golden => ReferenceGoldenTests.Layers;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("run.pt", "mxd_layer.py", "run.pt", "run.safetensors")]
    [InlineData("run", "run/layer.pt", "run/layer.safetensors", "run/mxd_layer.py")]
    public void Write_MakesAFileOrAFolder_WithThePythonFile(string path, params string[] files)
    {
        using ILayer layer = RandomLayers.Create(RandomLayers.Options("mxd", 9, 4), seed: 1);
        Format.Write(folder.File(path), layer, new SavedLayer(layer.Options, origin));
        Assert.Equal(files.Select(folder.File), Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
        Assert.Equal(path == "run" ? "native" : "reference", LayerFormats.Recognise(folder.File(path)).Name);
        using ImportedLayer read = Format.Read(folder.File(path), CPU);
        Assert.Equal(
            ("tiny", "blocks.1.ln2.hook_normalized", "blocks.1.hook_mlp_out", 64), (read.Saved.ModelName, read.Saved.Input, read.Saved.Output, read.Saved.ContextLength));
    }

    [Fact]
    public void Write_BesideAnotherFileOfThePythonFilesName_IsRefused()
    {
        using ILayer layer = RandomLayers.Create(RandomLayers.Options("mxd", 9, 4), seed: 1);
        File.WriteAllText(folder.File(PythonRunner.FileName), "mine");
        Assert.Contains("remove it", Assert.Throws<MxdInputException>(() => Format.Write(folder.File("run.pt"), layer, new SavedLayer(layer.Options, origin))).Message, StringComparison.Ordinal);
        Assert.Equal([folder.File(PythonRunner.FileName)], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void AFolderOfTheProjectsOwn_HasThePythonFile()
    {
        using ILayer layer = RandomLayers.Create(RandomLayers.Options("mxd", 9, 4), seed: 1);
        LayerFormats.Native.Write(folder.File("run"), layer, new SavedLayer(layer.Options, origin));
        Assert.Equal(PythonRunner.Source, File.ReadAllText(Path.Combine(folder.File("run"), PythonRunner.FileName)));
    }

    /// <summary>Through the project's own file, as <c>import</c> and <c>export</c> go.</summary>
    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Golden))]
    [Trait("Category", "Golden")]
    public void ACheckpoint_GoesBackAsItCame_ThroughTheProjectsOwnFile(string name)
    {
        string path = TestFiles.GoldenPath(name, ReferenceCheckpoint.Extension), direct = folder.File("layer.pt"), around = folder.File("around/layer.pt");
        using (ImportedLayer read = LayerFormats.Recognise(path).Read(path, CPU))
        {
            Format.Write(direct, read.Layer, read.Saved);
            LayerFormats.Native.Write(folder.File("run"), read.Layer, read.Saved);
        }
        using (ImportedLayer kept = LayerFormats.Native.Read(folder.File("run"), CPU)) Format.Write(folder.File("around"), kept.Layer, kept.Saved);
        Assert.Equal(File.ReadAllBytes(direct), File.ReadAllBytes(around));
    }
}
