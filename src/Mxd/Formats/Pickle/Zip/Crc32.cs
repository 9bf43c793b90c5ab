using System.Buffers.Binary;

namespace Mxd.Formats.Pickle.Zip;

/// <summary>The checksum of zip files (polynomial 0xEDB88320, bits reversed), eight bytes at a time.</summary>
internal sealed class Crc32
{
    private const uint Polynomial = 0xEDB88320;

    /// <summary>tables[256 k + b]: what byte b adds when k more bytes follow it.</summary>
    private static readonly uint[] tables = MakeTables();

    private uint state = uint.MaxValue;

    public uint Value => ~state;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        uint[] t = tables;
        uint crc = state;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            uint low = crc ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = t[0x700 + (byte)low] ^ t[0x600 + (byte)(low >> 8)] ^ t[0x500 + (byte)(low >> 16)] ^ t[0x400 + (low >> 24)]
                ^ t[0x300 + (byte)high] ^ t[0x200 + (byte)(high >> 8)] ^ t[0x100 + (byte)(high >> 16)] ^ t[high >> 24];
        }
        foreach (byte b in bytes) crc = t[(byte)(crc ^ b)] ^ (crc >> 8);
        state = crc;
    }

    private static uint[] MakeTables()
    {
        uint[] made = new uint[8 * 256];
        for (uint b = 0; b < 256; b++)
        {
            uint crc = b;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ Polynomial : crc >> 1;
            made[b] = crc;
        }
        for (int i = 256; i < made.Length; i++) made[i] = made[(byte)made[i - 256]] ^ (made[i - 256] >> 8);
        return made;
    }
}
