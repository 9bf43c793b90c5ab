using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Mxd.Corpora;

internal static class Utf8Text
{
    public static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>The position of the first byte that is not part of a UTF-8 character, or -1 where all are.</summary>
    public static int FindInvalid(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes)) return -1;
        int position = 0;
        while (Rune.DecodeFromUtf8(bytes[position..], out _, out int length) == OperationStatus.Done)
            position += length;
        return position;
    }
}
