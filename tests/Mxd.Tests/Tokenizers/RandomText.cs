using System.Text;

namespace Mxd.Tests.Tokenizers;

/// <summary>Texts that mix what tokenizers trip over: spaces of all kinds, contractions, digits of all scripts, marks, emoji, controls.</summary>
public static class RandomText
{
    private static readonly string[] Pieces =
    [
        " ", "  ", "\n", "\r\n", "\t", "\u0085", "\u00A0", "\u2028", "\u3000", "\u200B", "\u180E", "\u001C", "\uFEFF", "\0", "\u007F",
        "'", "'s", "'ll", "'LL", "n't", "the", "ing", "a", "Z", "é", "e\u0301", "ß", "你好", "мир", "नमस्ते", "7", "42", "²", "½", "Ⅷ", "٣", "𝟘", "𐅀",
        "🙂", "👍🏽", "👨\u200d👩\u200d👧", "🇫🇷", "𝔘", "𓀀", "!", "...", "_", "<|", "|>", "<|endoftext|>",
    ];

    public static string Create(Random random, int pieces)
    {
        var text = new StringBuilder();
        for (int piece = 0; piece < pieces; piece++)
            text.Append(random.Next(4) == 0 ? AnyRune(random).ToString() : Pieces[random.Next(Pieces.Length)]);
        return text.ToString();
    }

    private static Rune AnyRune(Random random)
    {
        int value = random.Next(3) == 0 ? random.Next(0x10000, 0x110000) : random.Next(0, 0x10000);
        return Rune.IsValid(value) ? new Rune(value) : new Rune('\uD7FF');
    }
}
