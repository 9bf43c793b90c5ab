using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;
using Mxd.Cli.Tests.Fixtures;
using Mxd.Tests;

namespace Mxd.Cli.Tests.Documentation;

/// <summary>What the README says that commands print is what they print, but for numbers and the words of models: each is run, on fewer tokens.</summary>
public sealed class DocumentedOutputTests : IDisposable
{
    /// <summary>Options of which the output says the value.</summary>
    private static readonly string[] shownOptions = ["--k", "--tokens", "--experts", "--hidden", "--contexts"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Demo_PrintsWhatTheReadmeShows() =>
        Compare("mxd demo", arguments => [.. arguments, "--tokens", "8192", "--contexts", "8", "--out", folder.File("demo")]);

    [Fact]
    public void TrainAndEval_PrintWhatTheReadmeShows()
    {
        Dictionary<string, string> files = new()
        {
            ["smollm2-135m-instruct-q4_1.gguf"] = TestFiles.SharedOrSkip("models", "smollm2-135m-instruct-q4_1.gguf"),
            ["train.jsonl"] = TestFiles.SharedOrSkip("data", "text", "train.jsonl"),
            ["validation.jsonl"] = TestFiles.SharedOrSkip("data", "text", "validation.jsonl"),
            ["runs/mxd"] = folder.File("mxd"),
        };
        Compare("mxd train --model", arguments => With(Named(arguments, files), ("--tokens", "8192"), ("--validation-contexts", "8"), ("--warmup", "2"), ("--buffer", "64")));
        Compare("mxd eval --run", arguments => With(Named(arguments, files), ("--contexts", "4")));
    }

    /// <summary>An output that was pasted below another command than its own has other sizes.</summary>
    [Fact]
    public void Outputs_HaveTheNumbersOfTheirCommands()
    {
        var absent = from block in CodeBlock.All
                     where block.Language == "console"
                     from shown in block.Commands()
                     where shown.Output.Count > 0
                     let words = CommandLineParser.SplitCommandLine(shown.Command).ToArray()
                     from pair in words.Zip(words.Skip(1))
                     where shownOptions.Contains(pair.First) && !shown.Output.Any(line => Says(line, int.Parse(pair.Second, CultureInfo.InvariantCulture)))
                     select $"{block.Page}: {pair.First} {pair.Second} of '{shown.Command}'";
        Assert.Empty(absent);

        static bool Says(string line, int number) =>
            new[] { $"{number}", number.ToString("n0", CultureInfo.InvariantCulture) }.Any(text => Regex.IsMatch(line, $@"(?<![\d,.]){Regex.Escape(text)}(?!\d|,\d)"));
    }

    /// <summary>Runs as short as these are not measured beforehand.</summary>
    private static bool IsOfLongRuns(string line) => new[] { "Time  ", "expected  ", "time  " }.Any(start => line.StartsWith(start, StringComparison.Ordinal));

    private static IEnumerable<string> Named(IEnumerable<string> arguments, Dictionary<string, string> files) => arguments.Select(word => files.GetValueOrDefault(word, word));

    /// <summary>The arguments with other values for some options.</summary>
    private static IEnumerable<string> With(IEnumerable<string> arguments, params (string Option, string Value)[] values)
    {
        List<string> all = [.. arguments];
        foreach ((string option, string value) in values)
            if (all.IndexOf(option) is >= 0 and var at) all[at + 1] = value;
            else all.AddRange([option, value]);
        return all;
    }

    private static void Compare(string command, Func<IReadOnlyList<string>, IEnumerable<string>> adapt)
    {
        (string shown, IReadOnlyList<string> output) = CodeBlock.All.Where(b => b is { Page: "README.md", Language: "console" }).SelectMany(b => b.Commands()).Single(c => c.Command.StartsWith(command, StringComparison.Ordinal));
        ToolResult result = Tool.Run(adapt([.. CommandLineParser.SplitCommandLine(shown["mxd ".Length..])])).Succeeded();
        // Joined, since numbers of other lengths break lines at other words.
        string printed = string.Join(' ', (result.Error + result.Output).Split('\n').Select(Skeleton.Of).OfType<string>());
        string[] missing = [.. output.Where(line => !IsOfLongRuns(line) && Skeleton.Of(line) is { } skeleton && !printed.Contains(skeleton, StringComparison.Ordinal))];
        Assert.True(missing.Length == 0, $"not printed:\n{string.Join('\n', missing)}\n\nbut:\n{result.Error}{result.Output}");
    }
}
