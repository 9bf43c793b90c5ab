using System.Runtime.Intrinsics;

namespace Mxd.Formats.Blocks;

/// <summary>
/// Q5_1: d and m (halves), 32 fifth bits, 16 bytes of two nibbles; value i = d · q + m with q the low nibble of byte i and bit i above it,
/// value 16 + i that of its high nibble and bit 16 + i.
/// </summary>
internal sealed class Q5_1Blocks : IBlockFormat
{
    public int BlockElements => 32;

    public int BlockBytes => 24;

    public void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        int count = BlockSpans.Count(this, blocks, values);
        for (int i = 0; i < count; i++)
            ReadBlock(blocks.Slice(i * BlockBytes, BlockBytes), values.Slice(i * BlockElements, BlockElements));
    }

    private static void ReadBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        Vector128<float> scale = Vector128.Create(BlockSpans.HalfAt(block, 0)), least = Vector128.Create(BlockSpans.HalfAt(block, 2));
        (Vector128<byte> low, Vector128<byte> high) = FiveBits.Join(block[4..8], Vector128.Create(block[8..24]));
        SmallIntegers.StoreScaled(low.AsSByte(), scale, least, ref values[0]);
        SmallIntegers.StoreScaled(high.AsSByte(), scale, least, ref values[16]);
    }
}
