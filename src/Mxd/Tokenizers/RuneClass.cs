using System.Buffers;
using System.Globalization;
using System.Text;

namespace Mxd.Tokenizers;

/// <summary>The classes of characters that pre-tokenisers tell apart.</summary>
internal enum RuneClass
{
    /// <summary>Neither of the others: punctuation, symbols, marks, controls, and lone surrogates (as U+FFFD).</summary>
    Other,

    /// <summary>Unicode category L.</summary>
    Letter,

    /// <summary>Unicode category N: Nd, Nl, No.</summary>
    Number,

    /// <summary>
    /// Unicode's White_Space property, which is what <c>\s</c> is in the regex engines behind Hugging Face's tokenizers, and what
    /// <see cref="char.IsWhiteSpace(char)"/> tests: U+0085 and U+00A0 are in, U+001C to U+001F, U+180E, U+200B and U+FEFF are out.
    /// </summary>
    Space,
}

internal static class RuneClasses
{
    /// <summary>The class of the first character of a text that is not empty, and its length in UTF-16 units.</summary>
    public static RuneClass First(ReadOnlySpan<char> text, out int length)
    {
        char first = text[0];
        if (char.IsSurrogate(first))
        {
            bool isPair = Rune.DecodeFromUtf16(text, out Rune rune, out length) == OperationStatus.Done;
            return isPair ? Classify(Rune.GetUnicodeCategory(rune)) : RuneClass.Other;
        }
        length = 1;
        return char.IsWhiteSpace(first) ? RuneClass.Space : Classify(char.GetUnicodeCategory(first));
    }

    /// <summary>The length of the run of characters of one class at the start of a text.</summary>
    public static int Run(ReadOnlySpan<char> text, RuneClass wanted)
    {
        int end = 0;
        while (end < text.Length && First(text[end..], out int length) == wanted)
            end += length;
        return end;
    }

    private static RuneClass Classify(UnicodeCategory category) => category switch
    {
        <= UnicodeCategory.OtherLetter => RuneClass.Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => RuneClass.Number,
        _ => RuneClass.Other,
    };
}
