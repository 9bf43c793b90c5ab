namespace Mxd.Formats.Blocks;

/// <summary>Eight scales and eight leasts of 6 bits in 12 bytes, as Q4_K and Q5_K have them.</summary>
internal static class SixBitScales
{
    /// <summary>
    /// The first four scales are the low six bits of bytes 0 to 3, the first four leasts those of bytes 4 to 7. The others have their low
    /// four bits in bytes 8 to 11, a scale in the low nibble and a least in the high one, and their high two in those of bytes 0 to 7.
    /// </summary>
    public static (int Scale, int Least) At(ReadOnlySpan<byte> packed, int j) => j < 4
        ? (packed[j] & 63, packed[j + 4] & 63)
        : ((packed[j + 4] & 15) | (packed[j - 4] >> 6) << 4, (packed[j + 4] >> 4) | (packed[j] >> 6) << 4);
}
