using System.Text;
using System.Text.Json;

namespace Mxd.Corpora;

/// <summary>Strings of JSON, in which an escape may be half a surrogate pair: JSON allows it, and text from the web has it.</summary>
internal static class JsonText
{
    private const int EscapeLength = 6;

    /// <summary>The string or name the reader stands on; half a pair becomes U+FFFD.</summary>
    public static string Read(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return Repair(reader.ValueSpan);
        }
    }

    private static string Repair(ReadOnlySpan<byte> escaped)
    {
        byte[] repaired = [(byte)'"', .. escaped, (byte)'"'];
        for (int position = 1; position < repaired.Length - 1; position++)
        {
            if (repaired[position] != '\\') continue;
            int unit = UnitAt(repaired, position);
            bool isPair = char.IsHighSurrogate((char)Math.Max(unit, 0)) && UnitAt(repaired, position + EscapeLength) is >= 0xDC00 and <= 0xDFFF;
            if (!isPair && unit is >= 0xD800 and <= 0xDFFF) "fffd"u8.CopyTo(repaired.AsSpan(position + 2));
            // Past the escape: both halves of a pair, one unit, or a backslash and the character it escapes.
            position += (isPair ? 2 * EscapeLength : unit >= 0 ? EscapeLength : 2) - 1;
        }
        var reader = new Utf8JsonReader(repaired);
        reader.Read();
        return reader.GetString()!;
    }

    /// <summary>The UTF-16 unit of the escape <c>\uXXXX</c> at a position, or -1 where there is no such escape.</summary>
    private static int UnitAt(byte[] text, int position)
    {
        if (position + EscapeLength > text.Length || text[position] != '\\' || text[position + 1] != 'u') return -1;
        return Convert.ToInt32(Encoding.ASCII.GetString(text, position + 2, 4), 16);
    }
}
