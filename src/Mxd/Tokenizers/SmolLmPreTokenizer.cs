namespace Mxd.Tokenizers;

/// <summary>
/// SmolLM's: every number character alone, then GPT-2's pattern on what lies between. So a number ends a text for the pattern: spaces
/// before it stay one piece, and none is joined to it.
/// </summary>
internal sealed class SmolLmPreTokenizer : IPreTokenizer
{
    private readonly Gpt2PreTokenizer between = new();

    public int FirstPiece(ReadOnlySpan<char> text)
    {
        RuneClass first = RuneClasses.First(text, out int length);
        if (first == RuneClass.Number) return length;
        if (first == RuneClass.Space)
        {
            int spaces = RuneClasses.Run(text, RuneClass.Space);
            if (spaces < text.Length && RuneClasses.First(text[spaces..], out _) == RuneClass.Number) return spaces;
        }
        return between.FirstPiece(text);
    }
}
