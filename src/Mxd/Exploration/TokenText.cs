using Mxd.Tokenizers;

namespace Mxd.Exploration;

/// <summary>Tokens as people read them.</summary>
internal static class TokenText
{
    private const char Unreadable = '\uFFFD';

    /// <summary>The text of one token by itself; bytes that are only part of a character as <c>⟨E2 80⟩</c>.</summary>
    public static string Of(ITokenizer tokenizer, int token)
    {
        string text = tokenizer.Decode([token]);
        return text.Contains(Unreadable, StringComparison.Ordinal)
            ? $"⟨{string.Join(' ', tokenizer.DecodeBytes([token]).Select(b => b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture)))}⟩"
            : text;
    }

    /// <summary>The text that each of the tokens of a context completes; of a character in several tokens the last has all.</summary>
    public static string[] OfEach(ITokenizer tokenizer, ReadOnlySpan<int> tokens)
    {
        var decoder = new StreamingDecoder(tokenizer);
        var texts = new string[tokens.Length];
        for (int i = 0; i < tokens.Length; i++) texts[i] = decoder.Add(tokens[i]);
        return texts;
    }
}
