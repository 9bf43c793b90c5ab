using System.Runtime.Intrinsics;

namespace Mxd.Formats.Blocks;

/// <summary>
/// Q2_K: 16 bytes of scale (low nibble) and least (high nibble), 64 bytes of four 2-bit numbers, d and m (halves). Every 16 values share a
/// scale s and a least l: value = d · s · q - m · l. The 32 bytes of each half hold their bits 0-1 first, then bits 2-3, and so on.
/// </summary>
internal sealed class Q2_KBlocks : IBlockFormat
{
    public int BlockElements => 256;

    public int BlockBytes => 84;

    public void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        int count = BlockSpans.Count(this, blocks, values);
        for (int i = 0; i < count; i++)
            ReadBlock(blocks.Slice(i * BlockBytes, BlockBytes), values.Slice(i * BlockElements, BlockElements));
    }

    private static void ReadBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockSpans.HalfAt(block, 80), least = BlockSpans.HalfAt(block, 82);
        Vector128<byte> twoBits = Vector128.Create((byte)3);
        for (int group = 0; group < 16; group++)
        {
            // Groups of 16: half of the block, pair of bits, half of the 32 bytes.
            (int half, int pair, int part) = (group / 8, group / 2 % 4, group % 2);
            Vector128<byte> packed = Vector128.Create(block.Slice(16 + 32 * half + 16 * part, 16));
            byte scales = block[group];
            SmallIntegers.StoreScaled(
                ((packed >> (2 * pair)) & twoBits).AsSByte(),
                Vector128.Create(scale * (scales & 15)),
                Vector128.Create(-(least * (scales >> 4))),
                ref values[16 * group]);
        }
    }
}
