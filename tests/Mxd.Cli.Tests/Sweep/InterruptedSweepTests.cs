using System.Text.Json;
using System.Text.Json.Nodes;
using Mxd.Cli.Tests.Fixtures;
using Mxd.Training;

namespace Mxd.Cli.Tests.Sweep;

/// <summary>A sweep that was stopped, in whatever way, goes on to the same bits as one that was not.</summary>
public sealed class InterruptedSweepTests(TinyFiles files, UninterruptedSweep whole) : CliTests(files), IClassFixture<UninterruptedSweep>
{
    private TrainCall Call => UninterruptedSweep.Call(Files, Run);

    private RunFiles First => Of(UninterruptedSweep.Names[0]);

    private RunFiles Last => Of(UninterruptedSweep.Names[^1]);

    [Theory]
    [InlineData(4)]
    [InlineData(32)]
    public void Killed_AfterACheckpoint_GoesOnToTheSameBits(int step)
    {
        Kill(SweepCall.Arguments(Call), () => First.Checkpoints.LastOrDefault() >= step);

        Assert.InRange(First.Checkpoints[^1], step, 63);
        GoOn();
        AssertSameAsWhole();
    }

    [Fact]
    public void Killed_Twice_AndOnceBeforeTheFirstCheckpoint_GoesOnToTheSameBits()
    {
        Kill(SweepCall.Arguments(Call), () => File.Exists(Path.Combine(Run, "sweep.json")));
        Kill(["sweep", "--resume", "--out", Run], () => First.Checkpoints.LastOrDefault() >= 16);

        GoOn();
        AssertSameAsWhole();
    }

    [Fact]
    public void Killed_InALaterPass_DoesNotRedoWhatIsDone()
    {
        TrainCall call = Call.With("--max-memory", LessThanAllNeed());
        Kill(SweepCall.Arguments(call), () => Of("mxd-k4").Checkpoints.LastOrDefault() >= 16);
        DateTime done = File.GetLastWriteTimeUtc(First.In("layer.safetensors"));

        ToolResult result = GoOn();
        Assert.Contains("trained already", result.Error, StringComparison.Ordinal);
        Assert.Equal(done, File.GetLastWriteTimeUtc(First.In("layer.safetensors")));
        AssertSameAsWhole();
    }

    [Fact]
    public void Interrupted_SavesAll_SaysHowToGoOn_AndGoesOnToTheSameBits()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are sent by 'kill'.");
        Assert.SkipWhen(Tool.IgnoresInterrupts, "This process was started with interrupts ignored, and mxd inherits that.");
        RunningTool tool = Tool.Start(SweepCall.Arguments(Call.With("--checkpoint-every", "100000")));
        tool.WaitUntil(() => Last.LinesSoFar >= 4);
        tool.Signal("INT");
        ToolResult result = tool.WaitForExit();

        Assert.Equal(130, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Equal(["Stopped. Go on with:", $"  mxd sweep --resume --out {Run}"], result.ErrorLines[^2..]);
        int[] steps = [.. UninterruptedSweep.Names.Select(name => Assert.Single(Of(name).Checkpoints)).Distinct()];
        Assert.InRange(Assert.Single(steps), 12, 63);
        GoOn();
        AssertSameAsWhole();
    }

    [Fact]
    public void Resume_OfAFinishedSweep_ChangesNothing_AndPrintsTheSame()
    {
        string copy = Folder.File("copy");
        Copy(whole.Path, copy);

        ToolResult result = Tool.Run("sweep", "--resume", "--out", copy, "--json");

        // The copy lies elsewhere than the runs did when they were evaluated.
        Assert.Equal(whole.Printed.Replace(whole.Path, copy, StringComparison.Ordinal), result.Succeeded().Output);
        Assert.DoesNotContain("Training", result.Error, StringComparison.Ordinal);
        foreach (string file in Files())
            Assert.Equal(File.ReadAllBytes(Path.Combine(whole.Path, file)), File.ReadAllBytes(Path.Combine(copy, file)));

        IEnumerable<string> Files() => UninterruptedSweep.Names.SelectMany(name => new[] { "layer.safetensors", "metrics.jsonl", "result.json" }.Select(file => Path.Combine(name, file)));
    }

    [Fact]
    public void Resume_WithLongerLists_AddsConfigurations_AndLeavesTheOthers()
    {
        string copy = Folder.File("copy");
        Copy(whole.Path, copy);

        JsonElement result = Tool.Run("sweep", "--resume", "--out", copy, "--k", "2,3,4", "--seed", "0,1", "--type", "mxd,transcoder,linear", "--json").Json();

        string[] names = [.. result.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("name").GetString()!)];
        Assert.Equal(2 * 2 * 3 + 1, names.Length);
        Assert.Equal(["mxd-k2", "mxd-k2-s1", "mxd-k3-s0", "mxd-k3-s1", "mxd-k4", "mxd-k4-s1"], names.Where(name => name.StartsWith("mxd", StringComparison.Ordinal)));
        Assert.Equal(new RunFiles(Path.Combine(whole.Path, "mxd-k2")).Layer, new RunFiles(Path.Combine(copy, "mxd-k2")).Layer);
    }

    [Fact]
    public void Resume_WithMoreTokens_GoesOnWithAll()
    {
        string copy = Folder.File("copy");
        Copy(whole.Path, copy);

        Tool.Run("sweep", "--resume", "--out", copy, "--tokens", $"{80 * 256}").Succeeded();

        foreach (string name in UninterruptedSweep.Names)
            Assert.Equal(80 * 256, new RunFolder(Path.Combine(copy, name)).ReadResult()!.Tokens);
        // Each as a run by itself that is made longer at its end.
        string one = UninterruptedSweep.Names[0], alone = Folder.File("alone");
        Copy(Path.Combine(whole.Path, one), alone);
        Tool.Run("train", "--resume", "--out", alone, "--tokens", $"{80 * 256}").Succeeded();
        Assert.Equal(new RunFiles(alone).Layer, new RunFiles(Path.Combine(copy, one)).Layer);
    }

    /// <summary>A run that ended has used up its buffer, and one that begins has not: they have other batches from there on, also when stopped once more.</summary>
    [Fact]
    public void Resume_WithMoreTokens_AndLongerLists_GivesEachRunWhatItGetsAlone()
    {
        string[] more = ["--tokens", $"{80 * 256}"];
        string alone = Folder.File("alone");
        Copy(whole.Path, Run);
        Copy(Path.Combine(whole.Path, "mxd-k2"), alone);
        Tool.Run(["train", "--resume", "--out", alone, .. more]).Succeeded();
        string added = Folder.File("added");
        TrainCall.Small(Files, added).With("--k", "3").With("--data-seed", "0").With(more[0], more[1]).Run().Succeeded();

        Kill(["sweep", "--resume", "--out", Run, "--k", "2,3,4", .. more], () => First.Checkpoints.LastOrDefault() >= 68);
        GoOn();

        Assert.Equal(new RunFiles(alone).Layer, First.Layer);
        Assert.Equal(new RunFiles(alone).MetricsWithoutRates, First.MetricsWithoutRates);
        Assert.Equal(new RunFiles(added).Layer, Of("mxd-k3").Layer);
    }

    [Fact]
    public void Resume_EvaluatesAgain_WhatWasEvaluatedOnSomethingElse()
    {
        string copy = Folder.File("copy"), measured = Path.Combine(copy, "mxd-k2"), evaluation = Path.Combine(measured, "evaluation.json");
        Copy(whole.Path, copy);
        string before = File.ReadAllText(evaluation).Replace(whole.Path, copy, StringComparison.Ordinal);
        string[][] others = [["--text", Files.TrainText], ["--skip-first", "4"], ["--model-dtype", "bfloat16"], ["--context", "16", "--text", Files.HeldOutText]];
        foreach (string[] other in others)
        {
            Tool.Run(["eval", "--run", measured, "--contexts", "8", .. other]).Succeeded();
            Assert.NotEqual(before, File.ReadAllText(evaluation));

            Tool.Run("sweep", "--resume", "--out", copy).Succeeded();

            Assert.Equal(before, File.ReadAllText(evaluation));
        }
    }

    [Theory]
    [InlineData("\"name\": \"mxd-k2\"", "\"name\": \"../../other\"", "'../../other' is not the name of a folder in it")]
    [InlineData("\"name\": \"mxd-k2\"", "\"name\": \"/tmp/other\"", "'/tmp/other' is not the name of a folder in it")]
    [InlineData("\"name\": \"mxd-k2\"", "\"name\": \"\"", "'' is not the name of a folder in it")]
    [InlineData("\"name\": \"mxd-k2\"", "\"name\": \"..\"", "'..' is not the name of a folder in it")]
    [InlineData("\"name\": \"mxd-k2\"", "\"name\": \"mxd-k4\"", "two configurations have the name 'mxd-k4'")]
    [InlineData("\"k\": 2,", "\"k\": 4,", "mxd-k2 and mxd-k4 have the same options")]
    public void Resume_RefusesADescription_ThatCannotBe(string good, string bad, string problem)
    {
        string copy = Folder.File("copy"), description = Path.Combine(copy, "sweep.json");
        Copy(whole.Path, copy);
        File.WriteAllText(description, File.ReadAllText(description).Replace(good, bad, StringComparison.Ordinal));

        Tool.Run("sweep", "--resume", "--out", copy).Refused($"{description} is damaged: {problem}|put back what 'mxd sweep' wrote");
    }

    [Fact]
    public void Resume_RefusesADescription_WithoutConfigurations()
    {
        string copy = Folder.File("copy"), description = Path.Combine(copy, "sweep.json");
        Copy(whole.Path, copy);
        JsonObject json = JsonNode.Parse(File.ReadAllText(description))!.AsObject();
        json["configurations"] = new JsonArray();
        File.WriteAllText(description, json.ToJsonString());

        Tool.Run("sweep", "--resume", "--out", copy).Refused($"{description} is damaged: it has no configurations");
    }

    [Fact]
    public void Resume_RefusesAFolderThatIsThere_ForAConfigurationThatIsNew()
    {
        string copy = Folder.File("copy"), there = Path.Combine(copy, "mxd-k3");
        Copy(whole.Path, copy);
        Copy(Path.Combine(whole.Path, "mxd-k2"), there);

        Tool.Run("sweep", "--resume", "--out", copy, "--k", "2,3,4").Refused($"mxd-k3: {there} exists already, but {Path.Combine(copy, "sweep.json")} does not name it: move it elsewhere");
    }

    [Fact]
    public void Resume_RefusesAnotherSweep_ByWhatChanged()
    {
        string copy = Folder.File("copy");
        Copy(whole.Path, copy);

        Tool.Run("sweep", "--resume", "--out", copy, "--batch", "128", "--data-seed", "7").Refused(
            "--batch is 128|the run began with 256", "--data-seed is 7|the sweep began with 0|leave --data-seed out");
        Tool.Run("sweep", "--resume", "--out", copy, "--k", "4,8").Refused("The lists leave out mxd-k2, which the sweep began with");
        Tool.Run("sweep", "--resume", "--out", Folder.Path).Refused($"{Folder.Path} is not a sweep (it has no sweep.json)");
    }

    private RunFiles Of(string name) => new(Path.Combine(Run, name));

    private ToolResult GoOn() => Tool.Run("sweep", "--resume", "--out", Run).Succeeded();

    private void AssertSameAsWhole()
    {
        foreach (string name in UninterruptedSweep.Names)
        {
            var expected = new RunFiles(Path.Combine(whole.Path, name));
            Assert.Equal(expected.MetricsWithoutRates, Of(name).MetricsWithoutRates);
            Assert.Equal(expected.Layer, Of(name).Layer);
            Assert.Equal(Evaluation(expected.Path), Evaluation(Of(name).Path));
        }
    }

    /// <summary>An evaluation without the folder's name.</summary>
    private static string Evaluation(string run) => File.ReadAllText(Path.Combine(run, "evaluation.json")).Replace(run, "", StringComparison.Ordinal);

    /// <summary>A little less memory than all take together.</summary>
    private string LessThanAllNeed()
    {
        JsonElement plan = JsonElement.Parse(File.ReadAllText(Path.Combine(whole.Path, "linear", "run.json"))).GetProperty("plan");
        return $"{plan.EnumerateObject().Sum(part => part.Value.GetInt64()) * 19 / 20}";
    }

    private static void Kill(IEnumerable<string> arguments, Func<bool> moment)
    {
        RunningTool tool = Tool.Start(arguments);
        tool.WaitUntil(moment);
        tool.Kill();
    }

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
