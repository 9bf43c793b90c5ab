using System.Diagnostics;
using System.Text.RegularExpressions;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests;

/// <summary>What a person at a terminal of 80 columns sees, through util-linux's <c>script</c>.</summary>
public sealed partial class TerminalTests(TinyFiles files) : CliTests(files)
{
    [Fact]
    public void Train_ShowsATableAndABarWhileItWorks_AndLeavesNotesAndResult()
    {
        string screen = RunInTerminal(Train.With("--tokens", "100000").Arguments);

        Assert.Contains("━", screen, StringComparison.Ordinal);
        Assert.Contains('\e', screen);
        string[] lines = [.. Escapes().Replace(screen, "").Split('\r', '\n').Select(line => line.TrimEnd())];
        Assert.Contains(lines, line => line.StartsWith("Training ━", StringComparison.Ordinal));
        // One table that is drawn anew, and no line a measurement.
        Assert.Contains(lines, line => line.TrimStart().StartsWith("layer ", StringComparison.Ordinal) && line.Contains("FVU so far", StringComparison.Ordinal));
        Assert.True(lines.Any(LiveRow().IsMatch), string.Join('\n', lines.TakeLast(40)));
        Assert.DoesNotContain(lines, line => line.StartsWith("step ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("held-out FVU ", StringComparison.Ordinal));
        string[] wide = [.. lines.Where(line => line.Length > 80 && !line.Contains(Folder.Path, StringComparison.Ordinal) && !line.Contains(Files.Model, StringComparison.Ordinal))];
        Assert.True(wide.Length == 0, string.Join('\n', wide));
    }

    [Fact]
    public void ATerminalThatCannotBeDrawnOn_GetsPlainLines()
    {
        string screen = RunInTerminal(Train.Arguments, "dumb");

        Assert.DoesNotContain('\e', screen);
        Assert.Equal(new RunFiles(Run).LoggedSteps.Length, screen.Split('\r', '\n').Count(line => line.StartsWith("step ", StringComparison.Ordinal)));
    }

    private static string RunInTerminal(IEnumerable<string> arguments, string terminal = "xterm-256color")
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/script"), "util-linux's script is not installed.");
        string command = string.Join(' ', ((string[])[Tool.Host, "exec", Tool.Program, .. arguments]).Select(word => $"'{word}'"));
        ProcessStartInfo start = Tool.Describe([]);
        start.FileName = "/usr/bin/script";
        start.ArgumentList.Clear();
        foreach (string argument in new[] { "-qec", "stty cols 80 rows 24; " + command, "/dev/null" }) start.ArgumentList.Add(argument);
        start.Environment["TERM"] = terminal;
        return new RunningTool(start).WaitForExit().Succeeded().Output;
    }

    [GeneratedRegex(@"^\S+ +\d+ +\d+\.\d{5} +\d+\.\d{4} .* [▁▂▃▄▅▆▇█]+$")]
    private static partial Regex LiveRow();

    [GeneratedRegex(@"\e\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Escapes();
}
