using System.Runtime.Intrinsics;

namespace Mxd.Formats.Blocks;

/// <summary>
/// Q3_K: 32 bytes of third bits, 64 bytes of four 2-bit numbers, 16 scales of 6 bits in 12 bytes, d (half). Every 16 values share a scale s:
/// value = d · (s - 32) · (q - 4) with q the two bits and the third above them. The third bits of group pair j are bit j of the 32 bytes.
/// </summary>
internal sealed class Q3_KBlocks : IBlockFormat
{
    public int BlockElements => 256;

    public int BlockBytes => 110;

    public void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        int count = BlockSpans.Count(this, blocks, values);
        for (int i = 0; i < count; i++)
            ReadBlock(blocks.Slice(i * BlockBytes, BlockBytes), values.Slice(i * BlockElements, BlockElements));
    }

    private static void ReadBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockSpans.HalfAt(block, 108);
        Vector128<byte> twoBits = Vector128.Create((byte)3);
        for (int group = 0; group < 16; group++)
        {
            (int half, int pair, int part) = (group / 8, group / 2 % 4, group % 2);
            Vector128<byte> packed = (Vector128.Create(block.Slice(32 + 32 * half + 16 * part, 16)) >> (2 * pair)) & twoBits;
            Vector128<byte> third = (Vector128.Create(block.Slice(16 * part, 16)) >> (group / 2)) & Vector128<byte>.One;
            Vector128<sbyte> integers = (packed | (third << 2)).AsSByte() - Vector128.Create((sbyte)4);
            SmallIntegers.StoreScaled(integers, Vector128.Create(scale * (Scale(block.Slice(96, 12), group) - 32)), Vector128<float>.Zero, ref values[16 * group]);
        }
    }

    /// <summary>Scale j: its low four bits are a nibble of byte j mod 8, its high two those of byte 8 + j mod 4.</summary>
    private static int Scale(ReadOnlySpan<byte> scales, int j)
    {
        int low = j < 8 ? scales[j] & 15 : scales[j - 8] >> 4;
        return low | ((scales[8 + j % 4] >> (2 * (j / 4))) & 3) << 4;
    }
}
