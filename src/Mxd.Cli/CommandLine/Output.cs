using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Mxd.Cli.CommandLine;

/// <summary>Results on stdout: tables for people, or exactly one JSON document.</summary>
internal static class Output
{
    /// <summary>Plain text where stdout is a file or a pipe, whatever the environment promises about colours.</summary>
    public static IAnsiConsole Console { get; } = Terminal.Create(System.Console.Out, System.Console.IsOutputRedirected);

    public static void Json<T>(T value) => System.Console.Out.WriteLine(JsonSerializer.Serialize(value, Runtime.Json.Compact));

    public static void Json(JsonNode value) => System.Console.Out.WriteLine(value.ToJsonString(Runtime.Json.Compact));

    /// <summary>A line that is broken between words where it is too long for the terminal.</summary>
    public static void Line(string text) => Write(WordWrap.Lines("", text, Console.Profile.Width));

    /// <summary>What a model said, after something: no line is longer than the terminal, and those that follow stand below the first.</summary>
    public static void Text(string start, string text) => Write(WordWrap.Text(start, text, Console.Profile.Width));

    /// <summary>Two columns without borders: names and values.</summary>
    public static void Facts(IReadOnlyList<(string Name, string Value)> facts)
    {
        int width = facts.Max(f => f.Name.Length) + 2;
        foreach ((string name, string value) in facts) Write(WordWrap.Lines(name.PadRight(width), value, Console.Profile.Width));
    }

    /// <summary>Columns without borders under their titles, never broken; an empty line before and after.</summary>
    public static void Columns(string[] titles, IEnumerable<string[]> rows)
    {
        string[][] lines = [titles, .. rows];
        int[] widths = [.. Enumerable.Range(0, titles.Length).Select(column => lines.Max(line => line[column].Length))];
        Write(["", .. lines.Select(line => string.Join("  ", line.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd()), ""]);
    }

    /// <summary>What a person may do next, with a command on a line of its own, whole however long it is, to be copied.</summary>
    public static void Command(string why, string command) => Write([why, "  " + command]);

    private static void Write(IEnumerable<string> lines)
    {
        foreach (string line in lines) System.Console.Out.WriteLine(line);
    }
}
