using System.Text.Json;
using Mxd.Cli.Tests.Fixtures;
using Mxd.Tests.Interchange;

namespace Mxd.Cli.Tests.Interchange;

/// <summary>Layers of other projects become runs, are measured, and go back as they came.</summary>
public sealed class ImportTests(TinyFiles files) : CliTests(files)
{
    private string Sae => ForeignFiles.SaeLens("topk", width: 32, units: 48, k: 4).Save(Folder.File("sae"));

    private string Coder => ForeignFiles.Sparsify(width: 32, units: 48, k: 4, transcode: true, skip: true).Save(Folder.File("layers.2.mlp"));

    [Fact]
    public void Import_MakesARun_AndSaysWhatItIs()
    {
        JsonElement result = Tool.Run("import", Sae, "--out", Run, "--json").Json();

        Assert.Equal(Run, result.GetProperty("run").GetString());
        Assert.Equal("saelens", result.GetProperty("format").GetString());
        Assert.Equal("sae", result.GetProperty("type").GetString());
        Assert.Equal("blocks.1.ln2.hook_normalized", result.GetProperty("input").GetString());
        Assert.Equal("blocks.1.ln2.hook_normalized", result.GetProperty("output").GetString());
        Assert.Equal("tiny", result.GetProperty("model").GetString());
        Assert.Equal(64, result.GetProperty("context_length").GetInt32());
        Assert.Equal(48, result.GetProperty("units").GetInt32());
        Assert.Equal(32 * 48 * 2 + 48 + 32, result.GetProperty("parameters").GetInt64());
        Assert.Equal(["layer.safetensors"], Directory.GetFileSystemEntries(Run).Select(Path.GetFileName));
    }

    [Fact]
    public void Import_ForPeople_EndsWithTheNextCommand()
    {
        string output = Tool.Run("import", Sae, "--out", Run).Succeeded().Output;

        Assert.Contains("sae, 32 -> 32, 48 units, K = 4", output.Replace('\n', ' '), StringComparison.Ordinal);
        Assert.Contains($"mxd eval --run {Run} --model", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Eval_OfAnImportedLayer_MeasuresItAtItsOwnHookPoints()
    {
        Tool.Run("import", Sae, "--out", Run).Succeeded();

        ToolResult result = Tool.Run("eval", "--run", Run, "--model", Files.Model, "--text", Files.HeldOutText, "--contexts", "6", "--json");

        JsonElement cost = result.Json();
        Assert.Equal("sae", cost.GetProperty("type").GetString());
        Assert.Equal(6 * 64, cost.GetProperty("tokens").GetInt32());
        Assert.Equal(4, cost.GetProperty("l0").GetDouble(), 0.5);
        Assert.True(cost.GetProperty("kl").GetDouble() > 0);
        Assert.Contains($"names its language model 'tiny'; whether {Files.Model} is that model cannot be checked", result.Error, StringComparison.Ordinal);
        Assert.Equal(["evaluation.json", "layer.safetensors"], Directory.GetFileSystemEntries(Run).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Eval_TakesTheContextFromThePerson_TheFiles_OrTheDefault()
    {
        Tool.Run("import", Sae, "--out", Run).Succeeded();
        Tool.Run("import", Coder, "--out", Folder.File("coder")).Succeeded();

        Assert.Equal(4 * 32, Tokens(Run, "--context", "32"));
        Assert.Equal(4 * 64, Tokens(Run));
        Assert.Equal(4 * 128, Tokens(Folder.File("coder")));
        Tool.Run("eval", "--run", Run, "--model", Files.Model, "--text", Files.HeldOutText, "--context", "1").Refused("--context is 1|at least 2");
        Tool.Run("eval", "--run", Run, "--model", Files.Model, "--text", Files.HeldOutText, "--context", "1024").Refused("--context is 1024|512 positions");
        Tool.Run("eval", "--run", Run, Folder.File("coder"), "--model", Files.Model, "--text", Files.HeldOutText).Refused("contexts of 128 tokens|on 64");
    }

    [Fact]
    public void Eval_OfTrainedAndImportedLayers_MeasuresAllOnTheSameContexts()
    {
        Train.Run().Succeeded();
        Tool.Run("import", Coder, "--out", Folder.File("coder"), "--model", Files.Model).Succeeded();

        JsonElement result = Tool.Run("eval", "--run", Run, Folder.File("coder"), "--text", Files.HeldOutText, "--context", "32", "--contexts", "6", "--json").Json();

        Assert.Equal(["mxd", "skip-transcoder"], result.GetProperty("runs").EnumerateArray().Select(r => r.GetProperty("type").GetString()));
        Assert.True(result.TryGetProperty("together", out _));
    }

    [Fact]
    public void Import_WithTheModel_IsCheckedNow_AndNeedsItNoMore()
    {
        ToolResult imported = Tool.Run("import", Coder, "--out", Run, "--model", Files.Model, "--json");
        Assert.Equal(Files.Model, imported.Json().GetProperty("model").GetString());
        Assert.Equal("blocks.2.ln2.output", imported.Json().GetProperty("input").GetString());

        ToolResult result = Tool.Run("eval", "--run", Run, "--text", Files.HeldOutText, "--contexts", "4", "--json");

        Assert.Equal("skip-transcoder", result.Json().GetProperty("type").GetString());
        Assert.DoesNotContain(result.ErrorLines, line => line.Contains("Note", StringComparison.Ordinal));
        new TinyModel { Seed = 2 }.Save(Folder.File("other.gguf"));
        Tool.Run("eval", "--run", Run, "--text", Files.HeldOutText, "--model", Folder.File("other.gguf")).Refused("--allow-other-weights");
    }

    [Fact]
    public void Eval_NotesAMissingFirstToken_AndImport_NotesUnknownFields()
    {
        string path = ForeignFiles.SaeLens("standard", width: 32).With("metadata.prepend_bos", false).With("note", "x").Save(Folder.File("sae"));

        Assert.Contains("does not know these fields of the configuration, and keeps them as they are: note.", Tool.Run("import", path, "--out", Run).Succeeded().Error, StringComparison.Ordinal);
        ToolResult result = Tool.Run("eval", "--run", Run, "--model", Files.Model, "--text", Files.HeldOutText, "--contexts", "4").Succeeded();

        Assert.Contains("without a first token", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Export_GivesTheImportedFilesBack()
    {
        foreach ((string path, string format) in new[] { (Sae, "saelens"), (Coder, "sparsify") })
        {
            string run = Folder.File("run-" + format), back = Folder.File("back-" + format);
            Tool.Run("import", path, "--out", run).Succeeded();

            JsonElement result = Tool.Run("export", run, "--to", format, "--out", back, "--json").Json();

            FolderFacts.AssertSame(path, back);
            Assert.Equal(Directory.GetFiles(back).Order(StringComparer.Ordinal), result.GetProperty("files").EnumerateArray().Select(f => f.GetString()));
        }
    }

    private int Tokens(string run, params string[] more) => Tool.Run(
        ["eval", "--run", run, "--model", Files.Model, "--text", Files.HeldOutText, "--contexts", "4", "--json", .. more]).Json().GetProperty("tokens").GetInt32();
}
