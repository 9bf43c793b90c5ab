using System.Text;

namespace Mxd.Exploration;

/// <summary>Tokens as they are shown to people, on a page or a terminal: on one line, every character a sign that is seen and does nothing.</summary>
public static class TokenSigns
{
    /// <summary>A token that begins a character which a later one completes.</summary>
    public const string PartOfCharacter = "▫";

    private const char Space = '␣', LineBreak = '↵', Tab = '⇥', Unreadable = '\uFFFD';

    /// <summary>A token among others: line breaks and tabs as signs, control characters as their pictures.</summary>
    public static string Of(string token)
    {
        var shown = new StringBuilder(token.Length);
        for (int i = 0; i < token.Length; i++)
            if (token[i] != '\r' || i + 1 == token.Length || token[i + 1] != '\n') shown.Append(Sign(token[i]));
        return shown.ToString();
    }

    /// <summary>A text of many tokens, in which parts of characters that nothing completes are seen as such.</summary>
    public static string OfText(string text) => Of(text.Replace("\uFFFD", PartOfCharacter, StringComparison.Ordinal));

    /// <summary>A token by itself; one of spaces alone, or that is only part of a character, is seen too.</summary>
    public static string Alone(string token) =>
        token.Length == 0 ? PartOfCharacter : token.All(c => c == ' ') ? token.Replace(' ', Space) : Of(token);

    private static char Sign(char c) => c switch
    {
        '\n' or '\r' or '\u0085' or '\u2028' or '\u2029' => LineBreak,
        '\t' => Tab,
        < ' ' => (char)('\u2400' + c),
        '\u007f' => '\u2421',
        > '\u007f' and < '\u00a0' => Unreadable,
        _ => c,
    };
}
