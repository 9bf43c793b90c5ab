using System.Text;

namespace Mxd.Tokenizers;

/// <summary>
/// GPT-2's way of writing any byte as one visible character: printable Latin-1 stands for itself, the other 68 bytes become U+0100 onwards
/// (a space is <c>Ġ</c>).
/// </summary>
public static class ByteAlphabet
{
    private const int FirstStandIn = 0x100;
    private static readonly char[] Characters = BuildCharacters();
    private static readonly int[] Bytes = BuildBytes();

    /// <summary>The character a byte is written as.</summary>
    public static char ToCharacter(byte value) => Characters[value];

    /// <summary>The byte a character stands for, or -1 where it stands for none.</summary>
    public static int ToByte(char character) => character < Bytes.Length ? Bytes[character] : -1;

    /// <summary>Writes the bytes of a text (UTF-8) in this alphabet.</summary>
    public static string Write(string text) => string.Concat(Encoding.UTF8.GetBytes(text).Select(ToCharacter));

    private static char[] BuildCharacters()
    {
        var characters = new char[256];
        int standIn = FirstStandIn;
        for (int value = 0; value < characters.Length; value++)
            characters[value] = IsPrintable(value) ? (char)value : (char)standIn++;
        return characters;
    }

    private static int[] BuildBytes()
    {
        var bytes = new int[Characters.Max() + 1];
        Array.Fill(bytes, -1);
        for (int value = 0; value < Characters.Length; value++)
            bytes[Characters[value]] = value;
        return bytes;
    }

    private static bool IsPrintable(int value) => value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
}
