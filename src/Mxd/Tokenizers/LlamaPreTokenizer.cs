namespace Mxd.Tokenizers;

/// <summary>
/// Llama 3's pattern, over whole characters,
/// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>;
/// Qwen 2's is the same with one number character at a time. A scanner, as <see cref="Gpt2PreTokenizer"/> is.
/// </summary>
/// <param name="numberLength">Number characters a piece has at most.</param>
internal sealed class LlamaPreTokenizer(int numberLength) : IPreTokenizer
{
    public int FirstPiece(ReadOnlySpan<char> text)
    {
        if (Contraction(text) is > 0 and var contraction) return contraction;
        RuneClass first = RuneClasses.First(text, out int length);
        return first switch
        {
            RuneClass.Letter => RuneClasses.Run(text, RuneClass.Letter),
            RuneClass.Number => Numbers(text),
            _ when text[0] is not ('\r' or '\n') && RuneClasses.Run(text[length..], RuneClass.Letter) is > 0 and var letters => length + letters,
            RuneClass.Other => Symbols(text, 0),
            _ when text[0] == ' ' && text.Length > 1 && RuneClasses.First(text[1..], out _) == RuneClass.Other => Symbols(text, 1),
            _ => Spaces(text),
        };
    }

    /// <summary>Length of an apostrophe and what is shortened, in either case, ſ being an s; 0 where there is none.</summary>
    private static int Contraction(ReadOnlySpan<char> text)
    {
        if (text[0] != '\'' || text.Length < 2) return 0;
        if (Lower(text[1]) is 's' or 't' or 'm' or 'd') return 2;
        if (text.Length < 3) return 0;
        return (Lower(text[1]), Lower(text[2])) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    private static char Lower(char c) => c == '\u017F' ? 's' : char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c;

    private int Numbers(ReadOnlySpan<char> text)
    {
        int end = 0;
        for (int count = 0; count < numberLength && end < text.Length && RuneClasses.First(text[end..], out int length) == RuneClass.Number; count++)
            end += length;
        return end;
    }

    /// <summary>Symbols from <paramref name="start"/> on, and the line breaks after them.</summary>
    private static int Symbols(ReadOnlySpan<char> text, int start)
    {
        int end = start + RuneClasses.Run(text[start..], RuneClass.Other);
        while (end < text.Length && text[end] is '\r' or '\n') end++;
        return end;
    }

    /// <summary>A run of spaces up to its last line break; without one, all but the last of them, which belongs to what follows.</summary>
    private static int Spaces(ReadOnlySpan<char> text)
    {
        int spaces = RuneClasses.Run(text, RuneClass.Space), lastBreak = text[..spaces].LastIndexOfAny('\r', '\n');
        if (lastBreak >= 0) return lastBreak + 1;
        return spaces == text.Length || spaces == 1 ? spaces : spaces - 1;
    }
}
