using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Train;

/// <summary>A run that was stopped, in whatever way, goes on to the same bits as one that was not.</summary>
public sealed class InterruptedTrainTests(TinyFiles files, UninterruptedRun whole) : CliTests(files), IClassFixture<UninterruptedRun>
{
    private const int LongSteps = 1600;

    private TrainCall Call => UninterruptedRun.Call(Files, Run);

    /// <summary>Long enough for something to happen to it: the usual one takes less than a second.</summary>
    private TrainCall LongCall => Call.With("--tokens", $"{LongSteps * 256}");

    private RunFiles Stopped => new(Run);

    [Theory]
    [InlineData(2)]
    [InlineData(40)]
    [InlineData(80)]
    public void Killed_AfterACheckpoint_GoesOnToTheSameBits(int step)
    {
        Kill(Call.Arguments, () => Stopped.Checkpoints.LastOrDefault() >= step);

        Assert.InRange(Stopped.Checkpoints[^1], step, 158);
        GoOn();
        AssertSameAsWhole();
    }

    [Fact]
    public void Killed_Twice_GoesOnToTheSameBits()
    {
        Kill(Call.Arguments, () => Stopped.Checkpoints.LastOrDefault() >= 20);
        Kill(["train", "--resume", "--out", Run], () => Stopped.Checkpoints.LastOrDefault() >= 70);

        GoOn();
        AssertSameAsWhole();
    }

    [Fact]
    public void Killed_BeforeTheFirstCheckpoint_BeginsAgain()
    {
        Kill(Call.With("--checkpoint-every", "150").Arguments, () => Stopped.LinesSoFar >= 3);

        Assert.Empty(Stopped.Checkpoints);
        GoOn();
        AssertSameAsWhole();
    }

    [Fact]
    public void Killed_RightAfterItsDescriptionWasWritten_BeginsAgain()
    {
        Kill(Call.Arguments, () => File.Exists(Stopped.In("run.json")));

        GoOn();
        AssertSameAsWhole();
    }

    [Fact]
    public void Resume_RemovesWhatAKilledProcessLeftHalfWritten()
    {
        Kill(Call.Arguments, () => Stopped.Checkpoints.LastOrDefault() >= 2);
        File.WriteAllText(Stopped.In(".layer.safetensors.1-2.tmp"), "half");
        File.WriteAllText(Stopped.In("checkpoints/.step-000000004.safetensors.1-2.tmp"), "half");

        GoOn();

        Assert.DoesNotContain(Folder.Entries, entry => Path.GetFileName(entry).StartsWith('.'));
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public void Signalled_SavesSaysHowToGoOnAndEndsWith130(string signal)
    {
        Assert.SkipWhen(signal == "INT" && Tool.IgnoresInterrupts, "Interrupts are ignored here (a shell starts background jobs so), and mxd inherits that.");
        TrainCall call = LongCall.With("--checkpoint-every", "100000");
        call.With("--out", Folder.File("whole")).Run().Succeeded();
        RunningTool tool = Tool.Start(call.Arguments);
        tool.WaitUntil(() => Stopped.LinesSoFar >= 4);
        tool.Signal(signal);
        ToolResult result = tool.WaitForExit();

        Assert.Equal(130, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Equal("Stopped. Go on with:", result.ErrorLines[^2]);
        Assert.Equal($"  mxd train --resume --out {Run}", result.ErrorLines[^1]);
        Assert.InRange(Assert.Single(Stopped.Checkpoints), 12, LongSteps - 1);
        Assert.True(File.Exists(Stopped.In("layer.safetensors")));
        GoOn();
        AssertSame(new RunFiles(Folder.File("whole")));
    }

    [Fact]
    public void Resume_OfARunAtWork_IsRefusedAndDoesNotDisturbIt()
    {
        RunningTool tool = Tool.Start(LongCall.Arguments);
        tool.WaitUntil(() => Stopped.Checkpoints.Length > 0);
        ToolResult second = Tool.Run("train", "--resume", "--out", Run, "--tokens", "1000000");

        Assert.Equal(2, second.ExitCode);
        Assert.Contains($"mxd: {Run} is in use by another process", second.Error, StringComparison.Ordinal);
        tool.WaitForExit().Succeeded();
        Assert.Equal(LongSteps, Stopped.LoggedSteps[^1]);
    }

    private static void Kill(IEnumerable<string> arguments, Func<bool> moment)
    {
        RunningTool tool = Tool.Start(arguments);
        tool.WaitUntil(moment);
        tool.Kill();
    }

    private void GoOn() => Tool.Run("train", "--resume", "--out", Run).Succeeded();

    private void AssertSameAsWhole() => AssertSame(whole.Files);

    private void AssertSame(RunFiles expected)
    {
        Assert.Equal(expected.MetricsWithoutRates, Stopped.MetricsWithoutRates);
        Assert.Equal(expected.Layer, Stopped.Layer);
    }
}
