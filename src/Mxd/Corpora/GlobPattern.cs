using System.Text;
using System.Text.RegularExpressions;
using Mxd.Runtime;

namespace Mxd.Corpora;

/// <summary>
/// Names of files: <c>*</c> stands for any characters of one name, <c>?</c> for one, and <c>**</c> in place of a name for any number of
/// folders, or at the end for all files below. Upper and lower case are told apart.
/// </summary>
internal sealed class GlobPattern
{
    private readonly Regex regex;

    /// <exception cref="MxdInputException">The pattern leads out of its folder.</exception>
    public GlobPattern(string pattern)
    {
        string[] names = [.. pattern.Split('/').Where(name => name is not ("" or "."))];
        if (names.Contains("..")) throw new MxdInputException($"The pattern {pattern} has .. in it: write the folder it leads to.");
        if (names.Length == 0 || pattern.EndsWith('/')) names = [.. names, "**"];
        var text = new StringBuilder("\\A");
        foreach (string name in names[..^1]) text.Append(name == "**" ? "(?:[^/]+/)*" : OfName(name) + "/");
        text.Append(names[^1] == "**" ? ".+" : OfName(names[^1])).Append("\\z");
        // Without backtracking, no pattern takes long.
        regex = new Regex(text.ToString(), RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant);
    }

    public static bool IsMeant(string name) => name.AsSpan().ContainsAny('*', '?');

    /// <summary>Does the pattern stand for a path, relative to its folder and with <c>/</c> between names?</summary>
    public bool IsMatch(string path) => regex.IsMatch(path);

    private static string OfName(string name) => string.Concat(name.Select(c => c switch
    {
        '*' => "[^/]*",
        '?' => "[^/]",
        _ => Regex.Escape(c.ToString()),
    }));
}
