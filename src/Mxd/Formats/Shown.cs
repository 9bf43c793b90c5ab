using System.Text;

namespace Mxd.Formats;

/// <summary>Text out of a file, made fit for a one-line message: quoted, control characters replaced, cut when long.</summary>
internal static class Shown
{
    private const int Longest = 100;

    public static string Name(string text)
    {
        var shown = new StringBuilder("'");
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, Longest)))
            shown.Append(char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' ? '\uFFFD' : c);
        if (text.Length > Longest) shown.Append('…');
        return shown.Append('\'').ToString();
    }
}
