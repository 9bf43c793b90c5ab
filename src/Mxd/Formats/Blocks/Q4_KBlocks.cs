using System.Runtime.Intrinsics;

namespace Mxd.Formats.Blocks;

/// <summary>
/// Q4_K: d and m (halves), 8 scales and leasts of 6 bits in 12 bytes, 128 bytes of two nibbles. Every 32 values share a scale s and a least l:
/// value = d · s · q - m · l. Each 32 bytes hold 32 values in their low nibbles and the next 32 in their high ones.
/// </summary>
internal sealed class Q4_KBlocks : IBlockFormat
{
    public int BlockElements => 256;

    public int BlockBytes => 144;

    public void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        int count = BlockSpans.Count(this, blocks, values);
        for (int i = 0; i < count; i++)
            ReadBlock(blocks.Slice(i * BlockBytes, BlockBytes), values.Slice(i * BlockElements, BlockElements));
    }

    private static void ReadBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockSpans.HalfAt(block, 0), least = BlockSpans.HalfAt(block, 2);
        Vector128<byte> nibble = Vector128.Create((byte)15);
        for (int group = 0; group < 8; group++)
        {
            (int s, int l) = SixBitScales.At(block.Slice(4, 12), group);
            (Vector128<float> factor, Vector128<float> offset) = (Vector128.Create(scale * s), Vector128.Create(-(least * l)));
            for (int part = 0; part < 2; part++)
            {
                Vector128<byte> packed = Vector128.Create(block.Slice(16 + 32 * (group / 2) + 16 * part, 16));
                Vector128<byte> integers = group % 2 == 0 ? packed & nibble : packed >> 4;
                SmallIntegers.StoreScaled(integers.AsSByte(), factor, offset, ref values[32 * group + 16 * part]);
            }
        }
    }
}
