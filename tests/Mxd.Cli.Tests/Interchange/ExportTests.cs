using System.Text.Json;
using Mxd.Cli.Tests.Fixtures;
using Mxd.Tests.Interchange;

namespace Mxd.Cli.Tests.Interchange;

/// <summary>Layers trained here in other projects' files.</summary>
public sealed class ExportTests(TinyFiles files) : CliTests(files)
{
    [Fact]
    public void ATrainedSae_GoesToSaeLens_AndBack_WithTheSameCosts()
    {
        Train.Without("--hidden").With("--type", "sae").Run().Succeeded();

        Tool.Run("export", "--run", Run, "--to", "saelens", "--out", Folder.File("sae")).Succeeded();
        Tool.Run("import", Folder.File("sae"), "--out", Folder.File("again")).Succeeded();

        JsonElement metadata = FolderFacts.Config(Folder.File("sae")).GetProperty("metadata");
        Assert.Equal("model", metadata.GetProperty("model_name").GetString());
        Assert.Equal("blocks.1.hook_mlp_out", metadata.GetProperty("hook_name").GetString());
        Assert.Equal(32, metadata.GetProperty("context_size").GetInt32());
        Assert.Equal(Kl(Run), Kl(Folder.File("again")), 1e-5);
    }

    [Fact]
    public void ATrainedTranscoder_GoesToSparsify_WithAWordOfItsInput()
    {
        Train.Transcoder.Run().Succeeded();
        string coder = Folder.File("layers.1.mlp");

        ToolResult result = Tool.Run("export", "--run", Run, "--to", "sparsify", "--out", coder).Succeeded();
        Assert.Contains("before the norm's scale", result.Error, StringComparison.Ordinal);
        Tool.Run("import", coder, "--out", Folder.File("again"), "--input", "blocks.1.ln2.hook_normalized").Succeeded();

        Assert.Equal(Kl(Run), Kl(Folder.File("again")), 1e-5);
    }

    [Fact]
    public void ANativeLayer_IsMeasuredByItself()
    {
        Train.Run().Succeeded();

        Tool.Run("export", "--run", Run, "--to", "native", "--out", Folder.File("away/layer.safetensors")).Succeeded();
        Tool.Run("import", Folder.File("away/layer.safetensors"), "--out", Folder.File("again")).Succeeded();

        foreach (string copy in new[] { "away", "again" })
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(Run, "layer.safetensors")), File.ReadAllBytes(Folder.File(copy + "/layer.safetensors")));
            Assert.Equal(Kl(Run), Kl(Folder.File(copy)), 1e-9);
        }
    }

    private double Kl(string run) =>
        Tool.Run("eval", "--run", run, "--model", Files.Model, "--text", Files.HeldOutText, "--context", "32", "--contexts", "8", "--json").Json().GetProperty("kl").GetDouble();
}
