using Mxd.Exploration;

namespace Mxd.Cli.Commands;

/// <summary>A piece of text in which a unit is active, on one line.</summary>
internal static class ExcerptLine
{
    /// <summary>Of 80 columns, what is left beside the frame.</summary>
    private const int Widest = 70;

    /// <summary>The peak in brackets, with as many tokens around it, by turns, as have room on a line.</summary>
    public static string Of(UnitExcerpt excerpt, int width = Widest)
    {
        string peak = TokenSigns.Alone(excerpt.Tokens[excerpt.Peak]), word = peak.TrimStart(' ');
        string text = $"{peak[..^word.Length]}[{word}]";
        for (int distance = 1; distance < excerpt.Tokens.Count; distance++)
            foreach (int i in new[] { excerpt.Peak - distance, excerpt.Peak + distance })
            {
                if (i < 0 || i >= excerpt.Tokens.Count) continue;
                string token = TokenSigns.Of(excerpt.Tokens[i]);
                if (text.Length + token.Length > width) return text.Trim();
                text = i < excerpt.Peak ? token + text : text + token;
            }
        return text.Trim();
    }
}
