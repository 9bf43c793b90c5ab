using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Mxd.Formats.Blocks;

/// <summary>Sixteen bytes of two nibbles with a fifth bit for each, as Q5_0 and Q5_1 have them.</summary>
internal static class FiveBits
{
    /// <summary>The numbers of the low nibbles, with bits 0 to 15 above them, and those of the high ones, with bits 16 to 31.</summary>
    public static (Vector128<byte> Low, Vector128<byte> High) Join(ReadOnlySpan<byte> bits, Vector128<byte> nibbles)
    {
        uint fifth = BinaryPrimitives.ReadUInt32LittleEndian(bits);
        return ((nibbles & Vector128.Create((byte)15)) | Sixteens((ushort)fifth), (nibbles >> 4) | Sixteens((ushort)(fifth >> 16)));
    }

    /// <summary>16 where bit i is set, 0 where it is not.</summary>
    private static Vector128<byte> Sixteens(ushort bits)
    {
        Vector128<byte> spread = Vector128.Create(Vector64.Create((byte)bits), Vector64.Create((byte)(bits >> 8)));
        Vector128<byte> mask = Vector128.Create(0x8040201008040201).AsByte();
        return Vector128.Equals(spread & mask, mask) & Vector128.Create((byte)16);
    }
}
