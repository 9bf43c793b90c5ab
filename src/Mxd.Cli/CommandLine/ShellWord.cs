namespace Mxd.Cli.CommandLine;

/// <summary>Paths inside commands that a person may copy.</summary>
internal static class ShellWord
{
    /// <summary>The text as one word of a POSIX shell.</summary>
    public static string Quote(string text) =>
        text.Length > 0 && text.All(c => char.IsLetterOrDigit(c) || "/\\._-+:,@%=~".Contains(c, StringComparison.Ordinal))
            ? text
            : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
