namespace Mxd.Tokenizers;

/// <summary>
/// GPT-2's pattern, <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>, over whole characters. A scanner and
/// not a .NET regular expression, since those see characters beyond U+FFFF as two surrogates of no class.
/// </summary>
internal sealed class Gpt2PreTokenizer : IPreTokenizer
{
    private static readonly string[] Contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    public int FirstPiece(ReadOnlySpan<char> text)
    {
        if (text[0] == '\'')
        {
            foreach (string contraction in Contractions)
                if (text.StartsWith(contraction, StringComparison.Ordinal)) return contraction.Length;
        }
        int start = text[0] == ' ' && text.Length > 1 ? 1 : 0;
        RuneClass first = RuneClasses.First(text[start..], out _);
        if (first != RuneClass.Space) return start + RuneClasses.Run(text[start..], first);

        // The last space of a run belongs to what follows, unless the run is all there is.
        int spaces = RuneClasses.Run(text, RuneClass.Space);
        return spaces == text.Length || spaces == 1 ? spaces : spaces - 1;
    }
}
