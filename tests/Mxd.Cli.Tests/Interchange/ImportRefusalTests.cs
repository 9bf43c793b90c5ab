using Mxd.Cli.Tests.Fixtures;
using Mxd.Tests.Interchange;

namespace Mxd.Cli.Tests.Interchange;

/// <summary>What import, export and eval of imported layers refuse: one line, exit code 2, and nothing written.</summary>
public sealed class ImportRefusalTests(TinyFiles files) : CliTests(files)
{
    private string Sae => ForeignFiles.SaeLens("topk", width: 32).Save(Folder.File("sae"));

    [Fact]
    public void WhatIsMissing_IsNamed()
    {
        Tool.Run("import", Sae).Refused("--out is missing");
        Tool.Run("import", "--out", Run).Refused("PATH is missing|mxd import PATH --out RUN");
        Tool.Run("export", "--to", "native", "--out", Run).Refused("RUN is missing|--run RUN");
        Tool.Run("export", "--run", Run, "--out", Run).Refused("--to is missing");
        Tool.Run("export", Run, "--run", Run, "--to", "native", "--out", Run).Refused("named twice");
    }

    [Fact]
    public void WhatIsNoLayer_IsRefused()
    {
        Import(Folder.File("none")).Refused("none does not exist");
        Import(Folder.Path).Refused("no layer of a known format|sae_weights.safetensors|sae.safetensors");
        Import(Files.Model).Refused("no layer of a known format");
        Import(Sae, "--from", "pickle").Refused("Format 'pickle' is not known|native, saelens, sparsify");
        Import(Sae, "--from", "sparsify").Refused("sae.safetensors does not exist");
        foreach (string module in new[] { "layers.0.mlp", "layers.1.mlp" }) ForeignFiles.Sparsify().Save(Folder.File("all/" + module));
        Import(Folder.File("all")).Refused("holds 2 layers|layers.0.mlp, layers.1.mlp");
        AssertNothingWritten();
    }

    [Fact]
    public void APlaceThatIsNotKnown_IsRefused()
    {
        Import(ForeignFiles.Sparsify().Save(Folder.File("coder")), "--model", Files.Model).Refused("does not say at which hook point|--input|--layer");
        Import(ForeignFiles.SaeLens("topk", width: 32).With("metadata.hook_name", "blocks.1.hook_attn_out").Save(Folder.File("attention")), "--model", Files.Model)
            .Refused("'blocks.1.hook_attn_out' is not known|hook_resid_pre, ln2.hook_normalized, ln2.output, hook_mlp_out, hook_resid_post|--input");
        Import(Sae, "--input", "mlp").Refused("'mlp' is not known");
        AssertNothingWritten();
    }

    [Fact]
    public void APlaceThatIsNotSaid_StaysOpen_AndEvalRefusesTheLayer()
    {
        Assert.Contains("to evaluate it, import it with --input and --output", Import(ForeignFiles.Sparsify().Save(Folder.File("coder"))).Succeeded().Error, StringComparison.Ordinal);
        Tool.Run("eval", "--run", Run, "--model", Files.Model, "--text", Files.HeldOutText).Refused("does not say at which hook points|--input and --output");
    }

    [Fact]
    public void AModelThatDoesNotFit_IsRefused()
    {
        string narrow = ForeignFiles.SaeLens("topk", width: 24).Save(Folder.File("narrow"));
        Import(narrow, "--model", Files.Model).Refused("reads 24 values a token|has 32");
        Import(Sae, "--model", Files.Model, "--input", "blocks.3.hook_mlp_out").Refused("reads blocks.3.hook_mlp_out|3 layers");
        AssertNothingWritten();

        Import(narrow).Succeeded();
        Tool.Run("eval", "--run", Run, "--model", Files.Model, "--text", Files.HeldOutText).Refused("reads 24 values a token|has 32|'tiny'");
    }

    [Fact]
    public void ADamagedLayer_IsRefused()
    {
        Import(ForeignFiles.SaeLens("topk").With("d_sae", 64).Save(Folder.File("sizes"))).Refused("cfg.json says d_sae is 64, but W_enc is [6, 9]");
        Import(ForeignFiles.SaeLens("gated").Save(Folder.File("gated"))).Refused("architecture is 'gated'");
        AssertNothingWritten();
    }

    [Fact]
    public void AnExistingDestination_IsRefused()
    {
        Directory.CreateDirectory(Run);
        Import(Sae).Refused($"{Run} exists already");
        Directory.Delete(Run);
        Import(Sae).Succeeded();
        Tool.Run("export", Run, "--to", "saelens", "--out", Folder.File("sae")).Refused("sae exists already");
        Tool.Run("export", Run, "--to", "native", "--out", Path.Combine(Run, "layer.safetensors")).Refused("layer.safetensors exists already");
    }

    [Fact]
    public void Eval_OfAnImportedLayer_NeedsModelAndText()
    {
        Import(Sae).Succeeded();
        Tool.Run("eval", "--run", Run).Refused($"{Run} was imported and knows no language model but the name 'tiny'|--model", $"{Run} was not trained here|--text");
        Tool.Run("eval", "--run", Run, "--model", Files.Model).Refused("was not trained here|--text");
    }

    [Fact]
    public void Export_RefusesWhatAFormatCannotSay_AndListsWhatCan()
    {
        Train.Run().Succeeded();
        foreach (string format in new[] { "saelens", "sparsify" })
            Tool.Run("export", Run, "--to", format, "--out", Folder.File("out")).Refused($"type 'mxd' cannot be written as {format} here|it can be written as native");
        Tool.Run("export", Run, "--to", "onnx", "--out", Folder.File("out")).Refused("Format 'onnx' is not known|native, saelens, sparsify");
        Tool.Run("export", Folder.File("none"), "--to", "native", "--out", Folder.File("out")).Refused("is not a run");
        Assert.False(Path.Exists(Folder.File("out")));
    }

    private ToolResult Import(string path, params string[] more) => Tool.Run(["import", path, "--out", Run, .. more]);

    private void AssertNothingWritten()
    {
        Assert.False(Path.Exists(Run));
        Assert.DoesNotContain(Folder.Entries, entry => entry.Contains(".tmp", StringComparison.Ordinal));
    }
}
