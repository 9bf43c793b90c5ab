using System.Text.Json.Nodes;
using Mxd.Interchange;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Tests.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Interchange;

/// <summary>A layer that came from another project goes back as it came.</summary>
public sealed class RoundTripTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void EveryArchitecture_ComesBack_InItsOwnTypes(ScalarType dtype)
    {
        foreach (SaeLensArchitecture architecture in SaeLensArchitecture.All) ComesBack(ForeignFiles.SaeLens(architecture.Name).As(dtype));
        foreach (bool skip in new[] { false, true }) ComesBack(ForeignFiles.Sparsify(transcode: skip, skip: skip).As(dtype));
    }

    [Fact]
    public void SettingsAndUnknownFields_ComeBack()
    {
        ForeignFiles top = ForeignFiles.SaeLens("topk");
        ComesBack(top.With("normalize_activations", "layer_norm").With("rescale_acts_by_decoder_norm", true).With("apply_b_dec_to_input", false));
        ComesBack(top.With("note", "kept").With("scores", new JsonArray(1.50, 2e-7, null)).With("metadata.dataset", new JsonObject { ["é"] = "\u2028" }));
        ComesBack(top.Older());
        ComesBack(ForeignFiles.Sparsify().With("num_latents", 0).With("expansion_factor", 2).With("activation", "groupmax").With("multi_topk", true));
    }

    [Fact]
    public void MixedTypes_AndTheFilesMetadata_ComeBack()
    {
        using DisposeScope scope = NewDisposeScope();
        ForeignFiles files = ForeignFiles.SaeLens("jumprelu");
        files = files.WithTensor("threshold", files.Tensors["threshold"].to(ScalarType.BFloat16)).WithTensor("W_enc", files.Tensors["W_enc"].to(ScalarType.Float16));
        files.Metadata["format"] = "pt";
        ComesBack(files);
    }

    [Fact]
    public void TheConfiguration_IsKept_LetterByLetter()
    {
        string path = ForeignFiles.SaeLens("topk").Save(folder.File("layer")), config = Path.Combine(path, "cfg.json");
        string text = File.ReadAllText(config).Replace("\"k\":3", "\"k\" :\n\t3", StringComparison.Ordinal) + "\n";
        File.WriteAllText(config, text);
        Assert.Equal(text, File.ReadAllText(Path.Combine(ThroughARun(path), "cfg.json")));
    }

    [Fact]
    public void UnknownFields_AreNamed()
    {
        string path = ForeignFiles.SaeLens("topk").With("note", "kept").With("off", false).With("hook_layer", 1).Save(folder.File("layer"));
        using ImportedLayer imported = LayerFormats.Get("saelens").Read(path, CPU);
        Assert.Equal(["note"], imported.Saved.Imported!.UnknownFields);
    }

    [Fact]
    public void Facts_AreReadFromEitherLayout()
    {
        ForeignFiles files = ForeignFiles.SaeLens("standard");
        foreach (ForeignFiles layout in new[] { files, files.Older() })
        {
            string path = layout.Save(folder.File(Guid.NewGuid().ToString("N")));
            using ImportedLayer imported = LayerFormats.Get("saelens").Read(path, CPU);
            SavedLayer saved = imported.Saved;
            Assert.Equal(
                ("tiny", "blocks.1.ln2.hook_normalized", "blocks.1.ln2.hook_normalized", 64, true),
                (saved.Imported!.ModelName, saved.Input, saved.Output, saved.ContextLength, saved.Imported.HasFirstToken));
            Assert.Null(saved.Model);
            Assert.Equal(path, saved.Imported.Source);
        }
    }

    [Fact]
    public void WeightsThatChanged_AreNotRounded()
    {
        string path = ForeignFiles.SaeLens("standard").As(ScalarType.Float16).Save(folder.File("layer"));
        ILayerFormat format = LayerFormats.Get("saelens");
        using ImportedLayer imported = format.Read(path, CPU);
        using (no_grad()) imported.Layer.Parameter("b_enc").Value.add_(1e-5);

        string message = Assert.Throws<MxdInputException>(() => format.Write(folder.File("back"), imported.Layer, imported.Saved)).Message;

        Assert.Contains("b_enc came as F16", message, StringComparison.Ordinal);
        Assert.Equal(["layer"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void AKeptConfiguration_ThatSaysOtherwiseThanTheLayer_IsNotWritten()
    {
        string path = ForeignFiles.SaeLens("topk").Save(folder.File("layer"));
        ILayerFormat format = LayerFormats.Get("saelens");
        using ImportedLayer imported = format.Read(path, CPU);
        LayerOptions changed = imported.Layer.Options with { Sparsity = new Sparsity.TopK(2) };
        using ILayer layer = LayerTypes.Get("sae").FromStored(changed, key => imported.Layer.Parameter(key).AsStored(), CPU);

        format.Write(folder.File("back"), layer, imported.Saved);

        Assert.Equal(2, FolderFacts.Config(folder.File("back")).GetProperty("k").GetInt32());
        using ImportedLayer back = format.Read(folder.File("back"), CPU);
        Assert.Equal(changed, back.Layer.Options);
    }

    private void ComesBack(ForeignFiles files)
    {
        string path = files.Save(folder.File(Guid.NewGuid().ToString("N")));
        FolderFacts.AssertSame(path, ThroughARun(path));
    }

    /// <summary>Reads, saves as a run, reads that, and writes in the first format.</summary>
    private static string ThroughARun(string path)
    {
        string run = path + "-run", back = path + "-back";
        ILayerFormat format = LayerFormats.Recognise(path);
        using (ImportedLayer imported = format.Read(path, CPU)) LayerFormats.Native.Write(run, imported.Layer, imported.Saved);
        using ImportedLayer kept = LayerFormats.Recognise(run).Read(run, CPU);
        format.Write(back, kept.Layer, kept.Saved);
        return back;
    }
}
