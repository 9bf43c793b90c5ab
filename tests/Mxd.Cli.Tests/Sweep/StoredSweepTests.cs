using Mxd.Cli.Tests.Fixtures;
using Mxd.Cli.Tests.Harvest;

namespace Mxd.Cli.Tests.Sweep;

/// <summary><c>mxd sweep --activations</c>.</summary>
public sealed class StoredSweepTests(TinyFiles files) : CliTests(files)
{
    private string Store => Folder.File("store");

    /// <summary>A machine that has the activations and nothing else.</summary>
    [Fact]
    public void WithoutContexts_ASweepNeedsNeitherModelNorText_AndItsStoreMayMove()
    {
        HarvestFromOwnFiles();
        foreach (string gone in new[] { "model.gguf", "train.jsonl", "held-out.jsonl" }) File.Delete(Folder.File(gone));

        ToolResult result = Sweep("--contexts", "0").Succeeded();
        // Without an evaluation there are no columns for one, but the command that makes it.
        Assert.DoesNotContain("CE spliced", result.Output, StringComparison.Ordinal);
        Assert.Contains($"mxd eval --run {Run}/*/", result.Output, StringComparison.Ordinal);
        Tool.Run("inspect", "--run", Run).Refused($"{Run} is a sweep and no run: name one of its runs, such as {Run}/");

        string moved = Folder.File("moved"), layer = Path.Combine(Run, "mxd-k2", "layer.safetensors");
        Directory.Move(Store, moved);
        byte[] before = File.ReadAllBytes(layer);
        Tool.Run("sweep", "--resume", "--out", Run, "--activations", moved, "--k", "2,3,4").Succeeded();
        Assert.Equal(before, File.ReadAllBytes(layer));
        Assert.True(File.Exists(Path.Combine(Run, "mxd-k3", "layer.safetensors")));
    }

    [Fact]
    public void WithContexts_OnlyHeldOutTextIsRead()
    {
        HarvestFromOwnFiles();
        File.Delete(Folder.File("train.jsonl"));

        Sweep("--contexts", "8").Succeeded();

        Assert.True(File.Exists(Path.Combine(Run, "mxd-k2", "evaluation.json")));
    }

    [Fact]
    public void WithContexts_WhatIsMissing_IsNamed_WithHowToDoWithout()
    {
        HarvestFromOwnFiles();
        foreach (string gone in new[] { "model.gguf", "held-out.jsonl" }) File.Delete(Folder.File(gone));

        Sweep("--contexts", "8").Refused(
            $"{Folder.File("held-out.jsonl")} does not exist|--contexts 0 leaves that out", $"{Folder.File("model.gguf")} does not exist|--contexts 0 leaves that out");
        Assert.False(Directory.Exists(Run));
    }

    [Fact]
    public void WithContexts_OtherHeldOutText_IsRefused()
    {
        HarvestFromOwnFiles();
        File.Copy(Files.TrainText, Folder.File("held-out.jsonl"), overwrite: true);

        Sweep("--contexts", "8").Refused($"--validation {Folder.File("held-out.jsonl")} is not what the activations in {Store} were harvested from");
    }

    [Fact]
    public void AnotherModel_IsRefused_AlsoWhereNoneIsNeeded()
    {
        HarvestFromOwnFiles();
        Sweep("--contexts", "0").Succeeded();
        string other = Folder.File("other.gguf");
        new TinyModel { Seed = 9 }.Save(other);

        Tool.Run("sweep", "--resume", "--out", Run, "--model", other).Refused($"--model {other} has the weights|but the activations in {Store} are of");
    }

    [Fact]
    public void AStoreThatIsNone_IsNamedWithAllElseThatIsWrong()
    {
        Folder.Write("run", "a file that was there");

        Tool.Run("sweep", "--activations", Store, "--k", "2,2", "--out", Run).Refused(
            $"{Run} exists already", $"{Store} holds no activations", "--k has 2 twice");
    }

    /// <summary>Of files that are this test's own, to be taken away.</summary>
    private void HarvestFromOwnFiles()
    {
        File.Copy(Files.Model, Folder.File("model.gguf"));
        File.Copy(Files.TrainText, Folder.File("train.jsonl"));
        File.Copy(Files.HeldOutText, Folder.File("held-out.jsonl"));
        Tool.Run(HarvestFolder.Arguments(
            Files, Store, "--model", Folder.File("model.gguf"), "--text", Folder.File("train.jsonl"), "--validation", Folder.File("held-out.jsonl"))).Succeeded();
    }

    private ToolResult Sweep(params string[] more) => Tool.Run(
        ["sweep", "--activations", Store, "--type", "mxd", "--k", "2,4", "--experts", "32", "--hidden", "24", "--batch", "256", "--buffer", "64", "--log-every", "4", "--out", Run, .. more]);
}
