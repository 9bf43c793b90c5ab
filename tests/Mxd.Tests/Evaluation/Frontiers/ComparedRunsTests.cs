using Mxd.Evaluation.Frontiers;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Tests.Evaluation.Frontiers;

public sealed class ComparedRunsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mxd-compared-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    public static TheoryData<string, string> Differences => new()
    {
        { "layer", "it stands at blocks.2.hook_mlp_out, not blocks.1.hook_mlp_out" },
        { "contexts", "it was evaluated on 8 contexts, not 16" },
        { "context", "its contexts had 64 tokens, not 32" },
        { "dtype", "its language model ran in bfloat16, not float32" },
        { "weights", "weights bbbbbbbbbbbb, not aaaaaaaaaaaa" },
        { "text", "it was evaluated on /data/other.jsonl, not /data/held-out.jsonl" },
        { "changed", "it was evaluated on other contexts of /data/held-out.jsonl (the text has changed since, or another part of it was held out)" },
    };

    [Theory]
    [MemberData(nameof(Differences))]
    public void RunsMeasuredOnDifferentThings_AreRefused(string what, string difference)
    {
        Run("a").Write();
        WrittenRun b = Run("b") with { Seed = 1 };
        (what switch
        {
            "layer" => b with { Layer = 2 },
            "contexts" => b with { Contexts = 8 },
            "context" => b with { Context = 64 },
            "dtype" => b with { ModelDtype = "bfloat16" },
            "weights" => b with { WeightsHash = "bbbbbbbbbbbbbbbb" },
            "text" => b with { Text = "/data/other.jsonl", TextHash = "eeee" },
            _ => b with { TextHash = "eeee" },
        }).Write();

        string message = Assert.Throws<MxdInputException>(() => ComparedRuns.Read([In("a"), In("b")])).Message;

        Assert.StartsWith($"{In("b")} cannot be compared with {In("a")}: ", message, StringComparison.Ordinal);
        Assert.Contains(difference, message, StringComparison.Ordinal);
        Assert.Single(message.Split('\n'));
    }

    [Fact]
    public void TheSameText_MayHaveLainElsewhere()
    {
        Run("a").Write();
        (Run("b") with { Seed = 1, Text = "/elsewhere/held-out.jsonl", Model = 4.0001 }).Write();

        Assert.Equal(2, ComparedRuns.Read([In("a"), In("b")]).Runs.Count);
    }

    [Fact]
    public void RunsWithoutAnEvaluation_GetOneCommandForAll_InTheWayOfTheOthers()
    {
        Run("a").Write();
        foreach (string name in new[] { "b", "c d" }) (Run(name) with { IsEvaluated = false }).Write();

        string message = Assert.Throws<MxdInputException>(() => ComparedRuns.Read([folder], path => path.Contains(' ', StringComparison.Ordinal) ? $"<{path}>" : path)).Message;

        Assert.Equal(
            $"2 runs have no evaluation.json yet: evaluate them by 'mxd eval --run {In("b")} <{In("c d")}> --text /data/held-out.jsonl --contexts 16 --model-dtype float32'.", message);
    }

    [Fact]
    public void RunsThatWereMeasuredOnWhatTheyHeldOut_AreMeasuredSoAgain()
    {
        (Run("a") with { Text = "/data/train.jsonl" }).Write();
        (Run("b") with { IsEvaluated = false }).Write();

        string message = Assert.Throws<MxdInputException>(() => ComparedRuns.Read([folder])).Message;

        Assert.Equal($"{In("b")} has no evaluation.json yet: evaluate it by 'mxd eval --run {In("b")} --contexts 16 --model-dtype float32'.", message);
    }

    [Fact]
    public void AnEvaluationFromBeforeARunWasMadeLonger_IsNone()
    {
        Run("a").Write();
        (Run("b") with { EvaluatedTokens = 4096 }).Write();

        Assert.StartsWith($"{In("b")} has no evaluation.json yet: ", Assert.Throws<MxdInputException>(() => ComparedRuns.Read([folder])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ARunThatIsBeingMadeLonger_IsNotFinished()
    {
        Run("a").Write();
        (Run("b") with { AskedTokens = 8192 }).Write();

        ComparedRuns runs = ComparedRuns.Read([folder]);

        Assert.Equal(In("a"), Assert.Single(runs.Runs).Path);
        Assert.StartsWith($"{In("b")} is left out: it has not come to its end", Assert.Single(runs.LeftOut), StringComparison.Ordinal);
    }

    [Fact]
    public void DamagedRuns_AreAllNamed()
    {
        foreach (string name in new[] { "a", "b", "c" }) Run(name).Write();
        File.WriteAllText(new RunFolder(In("a")).ResultFile, "{");
        File.WriteAllText(new RunFolder(In("c")).ResultFile, "{");

        string[] lines = Assert.Throws<MxdInputException>(() => ComparedRuns.Read([folder])).Message.Split('\n');

        Assert.Equal(2, lines.Length);
        Assert.Contains(In("a"), lines[0], StringComparison.Ordinal);
        Assert.Contains(In("c"), lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void UnfinishedAndFailedRuns_AreLeftOut_AndNamed()
    {
        Run("a").Write();
        (Run("b") with { IsFinished = false }).Write();
        (Run("c") with { IsFinished = false }).Write();
        RunDescription asked = new RunFolder(In("a")).ReadDescription();
        new SweepFolder(folder).Write(new SweepDescription(
            asked.Version, new SweepOptions { Base = asked.Options }, asked.Origin.Model, asked.Data,
            [new("a", asked.Options, SweepState.Trained), new("c", asked.Options with { Seed = 1 }, SweepState.Failed, "Its loss is not a number.")], asked.Machine));

        ComparedRuns runs = ComparedRuns.Read([folder]);

        Assert.Equal(In("a"), Assert.Single(runs.Runs).Path);
        Assert.Equal(2, runs.LeftOut.Count);
        Assert.Contains(runs.LeftOut, line => line == $"{In("c")} is left out: it failed (Its loss is not a number.).");
        Assert.Contains(runs.LeftOut, line => line.StartsWith($"{In("b")} is left out: it has not come to its end", StringComparison.Ordinal));
    }

    [Fact]
    public void WhereNoRunIsFinished_ThatIsSaid()
    {
        (Run("a") with { IsFinished = false }).Write();

        string message = Assert.Throws<MxdInputException>(() => ComparedRuns.Read([folder])).Message;

        Assert.Contains($"mxd train --resume --out {In("a")}", message, StringComparison.Ordinal);
        Assert.Contains("nothing to compare yet", message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatHoldsNoRuns_IsRefused_AllAtOnce()
    {
        Directory.CreateDirectory(In("empty"));
        Directory.CreateDirectory(In("imported"));
        File.WriteAllText(In("imported/layer.safetensors"), "");

        string[] lines = Assert.Throws<MxdInputException>(() => ComparedRuns.Read([In("empty"), In("none"), In("imported")])).Message.Split('\n');

        Assert.Equal(3, lines.Length);
        Assert.Contains($"{In("empty")} is not a run and holds none", lines[0], StringComparison.Ordinal);
        Assert.Contains($"{In("none")} does not exist", lines[1], StringComparison.Ordinal);
        Assert.Contains($"{In("imported")} was imported", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void ARunNamedTwice_CountsOnce()
    {
        Run("a").Write();

        Assert.Single(ComparedRuns.Read([folder, In("a")]).Runs);
    }

    private WrittenRun Run(string name) => new(In(name));

    private string In(string name) => Path.Combine(folder, name);
}
