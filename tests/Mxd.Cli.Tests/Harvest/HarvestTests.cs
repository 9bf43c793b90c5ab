using System.Text.Json;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Harvest;

public sealed class HarvestTests(TinyFiles files, HarvestFolder whole) : CliTests(files), IClassFixture<HarvestFolder>
{
    private string Activations => Folder.File("activations");

    [Fact]
    public void Harvest_PrintsOneJsonDocument_WithTheContractsFields()
    {
        JsonElement result = Harvest("--json").Json();

        Dictionary<string, byte[]> there = HarvestFolder.Read(Activations);
        Assert.Equal(8192, result.GetProperty("tokens").GetInt64());
        Assert.Equal(512, result.GetProperty("held_out_tokens").GetInt64());
        Assert.Equal(there.Where(file => file.Key != "harvest.json").Sum(file => (long)file.Value.Length), result.GetProperty("bytes").GetInt64());
        Assert.True(result.GetProperty("tokens_per_second").GetDouble() > 0);
        Assert.Equal(64, result.GetProperty("fingerprint").GetString()!.Length);
        Assert.Equal(18, there.Count);
        // The same command gives the same bytes.
        AssertSame();
    }

    [Fact]
    public void Harvest_SaysItsSizeFirst_AndWhatToDoNext()
    {
        ToolResult result = Harvest("--dtype", "bfloat16").Succeeded();

        Assert.Contains("Disk    1.1 MB in bfloat16, in 8 files and one of held-out activations (at most 20GB)", result.Error, StringComparison.Ordinal);
        Assert.Contains($"  mxd train --activations {Activations} --out runs/mxd", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("activations-00002-of-00016.safetensors")]
    [InlineData("held-out.safetensors")]
    [InlineData("harvest.part.json")]
    public void Killed_GoesOnToTheSameBytes(string moment)
    {
        RunningTool tool = Tool.Start(HarvestFolder.Arguments(Files, Activations));
        tool.WaitUntil(() => File.Exists(Path.Combine(Activations, moment)));
        tool.Kill();

        Resume().Succeeded();
        AssertSame();
    }

    [Fact]
    public void Resume_HarvestsAgain_WhatWasAltered()
    {
        RunningTool tool = Tool.Start(HarvestFolder.Arguments(Files, Activations));
        tool.WaitUntil(() => Directory.Exists(Activations) && Directory.GetFiles(Activations, "activations-*").Length >= 4);
        tool.Kill();
        string second = Path.Combine(Activations, "activations-00002-of-00016.safetensors");
        byte[] bytes = File.ReadAllBytes(second);
        bytes[^5] ^= 1;
        File.WriteAllBytes(second, bytes);

        Assert.Contains("from activations-00002-of-00016.safetensors on it is harvested again", Resume().Succeeded().Error, StringComparison.Ordinal);
        AssertSame();
    }

    [Fact]
    public void Interrupted_SaysHowToGoOn_AndEndsWith130()
    {
        RunningTool tool = Tool.Start(HarvestFolder.Arguments(Files, Activations, "--tokens", "800000", "--shard-bytes", "1MB"));
        tool.WaitUntil(() => Directory.Exists(Activations) && Directory.GetFiles(Activations, "activations-*").Length >= 1);
        tool.Signal("TERM");
        ToolResult result = tool.WaitForExit();

        Assert.Equal(130, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Equal($"  mxd harvest --resume --out {Activations}", result.ErrorLines[^1]);
        Tool.Run("train", "--activations", Activations, "--out", Run).Refused($"{Activations} holds no activations (it has no harvest.json)|--resume");
    }

    [Fact]
    public void Resume_OfACompleteHarvest_SaysSo_AndRefusesAnother()
    {
        Dictionary<string, byte[]> before = HarvestFolder.Read(whole.Path);

        Assert.Contains("The harvest is complete already.", Tool.Run("harvest", "--resume", "--out", whole.Path).Succeeded().Error, StringComparison.Ordinal);
        Tool.Run("harvest", "--resume", "--out", whole.Path, "--tokens", "16384", "--seed", "3").Refused(
            "--tokens is 16384|the harvest began with 8192", "--seed is 3|the harvest began with 0");
        Assert.Equal(before, HarvestFolder.Read(whole.Path));
    }

    /// <summary>Such as the command that made it, with --resume added; 8200 tokens are as many contexts as 8192.</summary>
    [Fact]
    public void Resume_OfACompleteHarvest_MaySayAgainWhatWasAskedFor()
    {
        Dictionary<string, byte[]> before = HarvestFolder.Read(whole.Path);
        string[] asked = ["--tokens", "8200", "--device", "cpu", "--input", "blocks.1.ln2.hook_normalized", "--output", "blocks.1.hook_mlp_out", "--resume"];

        Assert.Contains("The harvest is complete already.", Tool.Run(HarvestFolder.Arguments(Files, whole.Path, asked)).Succeeded().Error, StringComparison.Ordinal);
        Tool.Run("harvest", "--resume", "--out", whole.Path, "--tokens", "8224", "--input", "blocks.0.hook_mlp_out").Refused(
            "--tokens is 8224|the harvest began with 8192", "--input is blocks.0.hook_mlp_out, but the harvest is of blocks.1.ln2.hook_normalized, blocks.1.hook_mlp_out");
        Assert.Equal(before, HarvestFolder.Read(whole.Path));
    }

    [Fact]
    public void Harvest_RefusesMoreThanItsCap_AndSaysWhatFits()
    {
        Harvest("--max-bytes", "1MB").Refused("The harvest takes 2.2 MB, more than the 1MB of --max-bytes|lower --tokens to 3392|--dtype bfloat16|raise --max-bytes");
        Harvest("--tokens", "8192000000000", "--max-bytes", "8EB").Refused("the disk of|free|lower --tokens");
        Assert.Empty(Folder.Entries);
    }

    [Fact]
    public void Harvest_RefusesAllThatIsWrongAtOnce()
    {
        Harvest("--layer", "3", "x", "--dtype", "int8", "--max-bytes", "much", "--context", "1", "--input", "blocks.0.nowhere").Refused(
            "--context is 1", "--layer is 'x'", "'blocks.0.nowhere' is not known", "--dtype is 'int8'", "--max-bytes is 'much'|20GB", "--layer is 3|3 layers");
        Harvest("--shard-bytes", "1kB").Refused("--shard-bytes is 1kB, less than the 131.1 kB of one harvest batch of 16 contexts");
        Tool.Run(HarvestFolder.Arguments(Files, whole.Path)).Refused($"{whole.Path} exists already|--resume");
        Tool.Run("harvest", "--resume", "--out", Folder.Path).Refused($"{Folder.Path} holds no harvest that could go on");
        Assert.Empty(Folder.Entries);
    }

    private ToolResult Harvest(params string[] more) => Tool.Run(HarvestFolder.Arguments(Files, Activations, more));

    private ToolResult Resume() => Tool.Run("harvest", "--resume", "--out", Activations);

    private void AssertSame() => Assert.Equal(HarvestFolder.Read(whole.Path), HarvestFolder.Read(Activations));
}
