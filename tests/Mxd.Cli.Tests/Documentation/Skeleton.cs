using System.Text.RegularExpressions;

namespace Mxd.Cli.Tests.Documentation;

/// <summary>A line of output without what differs from run to run: numbers, units of time and size, names of folders, text of a model's.</summary>
internal static partial class Skeleton
{
    /// <summary>What must be on both sides; null for lines of which nothing must.</summary>
    public static string? Of(string line)
    {
        // Contexts and continuations are a model's words; bars and borders are as wide as what is in them.
        if (line.StartsWith("    … ", StringComparison.Ordinal)) return null;
        line = Free().Replace(line, "$1");
        line = Paths().Replace(line, "PATH");
        line = Numbers().Replace(line, "#");
        line = Units().Replace(line, "#");
        line = Together().Replace(line, "#");
        line = Borders().Replace(line, " ");
        return line.Trim() is { Length: > 0 } some ? some : null;
    }

    [GeneratedRegex(@"^(  before  |  after   |.* most on ).*$|^(?=…)")]
    private static partial Regex Free();

    [GeneratedRegex(@"(?<![\w])([\w./~-]*/[\w./-]+|[\w.-]+\.(gguf|jsonl|html))")]
    private static partial Regex Paths();

    [GeneratedRegex(@"[-−]?\d[\d,]*(\.\d+)?(e-?\d+)?")]
    private static partial Regex Numbers();

    [GeneratedRegex(@"# (h|min|s|GB|MB|kB|%)(?!\w)")]
    private static partial Regex Units();

    [GeneratedRegex(@"#( #)+")]
    private static partial Regex Together();

    [GeneratedRegex(@"[\s│─╭╮╰╯├┤┬┴┼]+")]
    private static partial Regex Borders();
}
