using System.Diagnostics;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Sweep;

/// <summary>What cannot work is refused for all configurations at once, before anything is written.</summary>
public sealed class SweepRefusalTests(TinyFiles files) : CliTests(files)
{
    private TrainCall Call => SweepCall.Small(Files, Run);

    [Fact]
    public void ProblemsOfAllConfigurations_AreNamedOnceEach_WithThoseTheyConcern() => AssertRefused(
        Call.With("--k", "0,4,64").With("--lr", "1e-3,-1").With("--batch", "0").With("--text", Folder.File("none.txt")),
        "mxd-k0-lr0.001, mxd-k0-lr-1, transcoder-k0-lr0.001 and 1 more: --k is 0|at least 1",
        "mxd: --batch is 0; it must be at least 1",
        "mxd-k0-lr-1, mxd-k4-lr-1, mxd-k64-lr-1 and 4 more: --lr is -1|above 0",
        "mxd-k64-lr0.001|and 1 more: --k is 64, more than the 32 units",
        "mxd: |none.txt does not exist");

    [Theory]
    [InlineData("--k", "4,x", "--k is '4,x', in which 'x' is no number|whole numbers with commas between")]
    [InlineData("--lr", "1e-3,", "--lr is '1e-3,', in which '' is no number")]
    [InlineData("--type", "mxd,mxd", "--type has mxd twice: name it once")]
    [InlineData("--type", "mxd,sea", "sea: --type is 'sea'; choose one of mxd")]
    [InlineData("--multiplier", "8", "--experts and --multiplier were both given")]
    [InlineData("--layer", "1,7", "layer7|--layer is 7, but|has 3 layers")]
    [InlineData("--contexts", "-1", "--contexts is -1; it must be at least 0")]
    [InlineData("--max-memory", "lots", "--max-memory is 'lots'; a size such as 8GB")]
    [InlineData("--max-memory", "1MB", "of memory by itself, more than the 1.0 MB of --max-memory")]
    public void AValueThatCannotBe_IsNamedWithRuleAndFix(string option, string value, string problem) =>
        AssertRefused(Call.With("--type", "mxd").With("--k", "4").With(option, value), problem);

    [Fact]
    public void ExistingFolder_IsNotWrittenInto()
    {
        Folder.Write("run", "a file that was there");

        AssertRefused(Call, $"{Run} exists already|name another --out|--resume");
    }

    private void AssertRefused(TrainCall call, params string[] problems)
    {
        IReadOnlyList<string> before = Folder.Entries;
        ProcessStartInfo start = Tool.Describe(SweepCall.Arguments(call));
        start.WorkingDirectory = Folder.Path;

        new RunningTool(start).WaitForExit().Refused(problems);

        Assert.Equal(before, Folder.Entries);
    }
}
