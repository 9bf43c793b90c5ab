namespace Mxd.Runtime;

/// <summary>Names of files made of words that people chose.</summary>
public static class FileNames
{
    /// <summary>Letters and digits of ASCII, points, dashes and underscores stay; all else becomes a dash. No name begins with a point.</summary>
    public static string Safe(string text, int longest) =>
        string.Concat(text.Take(longest).Select((c, i) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' || c == '.' && i > 0 ? c : '-'));
}
