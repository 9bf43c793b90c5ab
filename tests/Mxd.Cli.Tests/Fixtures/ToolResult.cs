using System.Text.Json;

namespace Mxd.Cli.Tests.Fixtures;

/// <summary>What an <c>mxd</c> that ended left behind.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Error)
{
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Fails unless the command did its work.</summary>
    public ToolResult Succeeded()
    {
        Assert.True(ExitCode == 0, $"mxd ended with {ExitCode}: {Error}");
        return this;
    }

    /// <summary>Stdout of a command that succeeded, which must be one JSON document on one line and nothing else.</summary>
    public JsonElement Json()
    {
        Succeeded();
        Assert.Equal(1, Output.Count(c => c == '\n'));
        using JsonDocument document = JsonDocument.Parse(Output);
        return document.RootElement.Clone();
    }

    /// <summary>
    /// Fails unless the command refused its input: exit code 2, nothing on stdout, and on stderr one line a problem, each holding all the
    /// fragments (separated by '|') of one of <paramref name="problems"/>, in that order.
    /// </summary>
    public void Refused(params string[] problems)
    {
        Assert.True(ExitCode == 2, $"mxd ended with {ExitCode} and not 2; stdout: {Output}; stderr: {Error}");
        Assert.Empty(Output);
        Assert.True(ErrorLines.Length == problems.Length, $"{problems.Length} lines were expected: {Error}");
        foreach ((string line, string problem) in ErrorLines.Zip(problems))
        {
            Assert.StartsWith("mxd: ", line, StringComparison.Ordinal);
            foreach (string fragment in problem.Split('|')) Assert.Contains(fragment, line, StringComparison.Ordinal);
        }
    }
}
