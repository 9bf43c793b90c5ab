using Mxd.Formats;
using Mxd.Interchange;
using Mxd.Layers;
using Mxd.Tests.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Interchange;

/// <summary>Layers that SAELens and sparsify wrote, and what they compute there.</summary>
[Trait("Category", "Golden")]
public sealed class InterchangeGoldenTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Folders => TestFiles.FindGoldenFolders("interchange", "io.safetensors");

    public void Dispose() => folder.Dispose();

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Folders))]
    public void Read_GivesALayerThatComputesTheSame(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        string path = TestFiles.GoldenPath(name, "");
        using ImportedLayer imported = LayerFormats.Recognise(path).Read(path, CPU);
        using SafetensorsFile golden = SafetensorsFile.Open(Path.Combine(path, "io.safetensors"));
        Tensor x = golden.Read("x", ScalarType.Float32);

        SparseCodes codes = imported.Layer.Encode(x);

        GoldenTensors.AssertClose(golden.Read("acts"), codes.ToDense(), 1e-5, "acts");
        GoldenTensors.AssertClose(golden.Read("y"), imported.Layer.Decode(codes, x), 1e-5, "y");
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Folders))]
    public void Write_ThroughARun_GivesTheSameFilesBack(string name)
    {
        string path = TestFiles.GoldenPath(name, ""), run = folder.File("run"), back = folder.File("back");
        ILayerFormat format = LayerFormats.Recognise(path);
        using (ImportedLayer imported = format.Read(path, CPU)) LayerFormats.Native.Write(run, imported.Layer, imported.Saved);
        using (ImportedLayer kept = LayerFormats.Native.Read(run, CPU)) format.Write(back, kept.Layer, kept.Saved);

        FolderFacts.AssertSame(path, back);
    }
}
