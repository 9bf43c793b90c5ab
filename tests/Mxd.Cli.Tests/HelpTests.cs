using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests;

public sealed class HelpTests
{
    public static TheoryData<string> Commands => ["demo", "train", "harvest", "sweep", "eval", "compare", "report", "inspect", "judge", "name", "import", "export", "score", "tokens", "doctor"];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Help_OfACommand_EndsWithExamplesOfIt(string command)
    {
        ToolResult result = Tool.Run(command, "--help").Succeeded();

        Assert.Empty(result.Error);
        string examples = result.Output[result.Output.LastIndexOf("Example", StringComparison.Ordinal)..];
        Assert.Contains($"\n  mxd {command} ", examples.Replace("doctor\n", "doctor \n", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("number> [", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Help_OfTheProgram_HasALineForEachCommand(string command) =>
        Assert.Matches($@"(?m)^  {command} +\S.*\.$", Tool.Run("--help").Succeeded().Output);

    [Fact]
    public void Help_GivesDefaultsAndWhatIsRequired()
    {
        string help = Tool.Run("train", "--help").Succeeded().Output;

        Assert.Matches(@"--lr <number> .*\[default: 0\.001\]", help);
        Assert.Matches(@"--model <path> .*\[required without --resume or --preset or --activations\]", help);
        Assert.Matches(@"--out <path> .*\[required\]", help);
    }

    [Fact]
    public void Version_IsANumber() => Assert.Matches(@"^\d+\.\d+\.\d+", Tool.Run("--version").Succeeded().Output);

    [Fact]
    public void NoCommand_IsRefused_WithTheCommandsThereAre() => Tool.Run().Refused("No command was given|demo, train, harvest, sweep, eval, compare, report, inspect, probe, steer, judge, name, import, export, generate, score, tokens, models, hub, bench, doctor|mxd --help");

    /// <summary>Also where an option before it, or the command itself, takes any number of values.</summary>
    [Fact]
    public void UnknownOption_AfterValues_IsRefused_WithTheNearest()
    {
        Tool.Run("eval", "--run", "a", "--contxts", "8").Refused("--contxts is not an option of 'mxd eval': the nearest is --contexts");
        Tool.Run("compare", "a", "--ot", "b").Refused("--ot is not an option of 'mxd compare': the nearest is --out");
        Tool.Run("probe", "--run", "a", "--dta", "b").Refused("--dta is not an option of 'mxd probe': the nearest is --data", "--data is missing");
    }

    [Fact]
    public void UnknownCommand_IsRefused_WithTheNearest() => Tool.Run("tran", "--k", "3").Refused("'tran' is not a command|the nearest is train");

    [Fact]
    public void UnknownOption_IsRefused_WithTheNearest() =>
        Tool.Run("doctor", "--jsn").Refused("--jsn is not an option of 'mxd doctor'|the nearest is --json|mxd doctor --help");

    [Fact]
    public void AWordTooMany_IsRefused() => Tool.Run("doctor", "now").Refused("'now' belongs to no option: leave it out");

    [Fact]
    public void AValueWithoutItsOption_IsToldWhichOne() =>
        Tool.Run("inspect", "runs/mxd").Refused("'runs/mxd' belongs to no option: write --run runs/mxd if that is meant", "--run is missing");

    [Fact]
    public void AnOptionWithoutItsValue_IsRefused() => Tool.Run("eval", "--run", "a", "--contexts").Refused("--contexts has no value|write one after it");

    [Fact]
    public void AnEmptyPath_IsRefused() => Tool.Run("eval", "--run", "").Refused("--run is ''|a path is expected");

    [Fact]
    public void AValueThatBeginsWithAt_IsNoResponseFile() => Tool.Run("eval", "--run", "@runs").Refused("@runs is not a run");
}
