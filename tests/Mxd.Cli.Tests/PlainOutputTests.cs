using System.Diagnostics;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests;

public sealed class PlainOutputTests(TinyFiles files) : CliTests(files)
{
    [Theory]
    [InlineData("TERM", "xterm-256color")]
    [InlineData("GITHUB_ACTIONS", "true")]
    [InlineData("FORCE_COLOR", "1")]
    public void RedirectedOutput_HasNoEscapeSequences_WhateverTheEnvironmentSays(string variable, string value)
    {
        foreach (ToolResult result in new[] { Run(Train.Arguments), Run(["eval", "--run", base.Run, "--contexts", "4"]) })
        {
            Assert.DoesNotContain('\e', result.Output);
            Assert.DoesNotContain('\e', result.Error);
        }

        ToolResult Run(IEnumerable<string> arguments)
        {
            ProcessStartInfo start = Tool.Describe(arguments);
            start.Environment[variable] = value;
            return new RunningTool(start).WaitForExit().Succeeded();
        }
    }

    [Fact]
    public void ALongPath_IsNeverBroken()
    {
        string run = Folder.File(string.Join('-', Enumerable.Repeat("a-long-name", 12)));

        string output = Train.With("--out", run).Run().Succeeded().Output;

        Assert.Contains(run, output, StringComparison.Ordinal);
        Assert.Contains($"  mxd eval --run {run}\n", output, StringComparison.Ordinal);
    }
}
