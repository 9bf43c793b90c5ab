using System.Text.RegularExpressions;
using Mxd.Tests;

namespace Mxd.Cli.Tests.Documentation;

/// <summary>A fenced block of a page: in <c>sh</c> every line is a command; in <c>console</c> those after <c>$</c>, the rest is what they print.</summary>
internal sealed partial record CodeBlock(string Page, string Language, IReadOnlyList<string> Lines)
{
    /// <summary>The README and all pages of docs.</summary>
    public static IReadOnlyList<CodeBlock> All { get; } =
        [.. Directory.GetFiles(TestFiles.Root, "*.md").Concat(Directory.GetFiles(Path.Combine(TestFiles.Root, "docs"), "*.md")).Order(StringComparer.Ordinal).SelectMany(Read)];

    /// <summary>Each command, whole where it goes on over several lines, with the lines it prints.</summary>
    public IEnumerable<(string Command, IReadOnlyList<string> Output)> Commands()
    {
        string? command = null;
        List<string> output = [];
        bool goesOn = false;
        foreach (string line in Lines)
        {
            bool begins = !goesOn && (Language == "sh" ? line.Length > 0 && line[0] is not (' ' or '#') : line.StartsWith("$ ", StringComparison.Ordinal));
            if (begins)
            {
                if (command is not null) yield return (command, [.. output]);
                (command, output) = (Language == "sh" ? line : line[2..], []);
            }
            else if (goesOn)
            {
                command += " " + line.Trim();
            }
            else if (command is not null)
            {
                output.Add(line);
            }
            goesOn = command?.EndsWith('\\') == true && output.Count == 0;
            if (goesOn) command = command![..^1].TrimEnd();
        }
        if (command is not null) yield return (command, output);
    }

    private static IEnumerable<CodeBlock> Read(string path) =>
        Fences().Matches(File.ReadAllText(path).ReplaceLineEndings("\n")).Select(m => new CodeBlock(Path.GetRelativePath(TestFiles.Root, path), m.Groups[1].Value, m.Groups[2].Value.TrimEnd('\n').Split('\n')));

    [GeneratedRegex(@"(?m)^```(\w+)\n(.*?)^```$", RegexOptions.Singleline)]
    private static partial Regex Fences();
}
