using System.Runtime.Intrinsics;

namespace Mxd.Formats.Blocks;

/// <summary>
/// Q4_1: d and m (halves), 16 bytes of two nibbles; value i = d · q + m with q the low nibble of byte i, value 16 + i that of its high nibble.
/// </summary>
internal sealed class Q4_1Blocks : IBlockFormat
{
    public int BlockElements => 32;

    public int BlockBytes => 20;

    public void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        int count = BlockSpans.Count(this, blocks, values);
        Vector128<byte> nibble = Vector128.Create((byte)0x0f);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> block = blocks.Slice(i * BlockBytes, BlockBytes);
            Vector128<float> scale = Vector128.Create(BlockSpans.HalfAt(block, 0));
            Vector128<float> least = Vector128.Create(BlockSpans.HalfAt(block, 2));
            Vector128<byte> packed = Vector128.Create(block[4..20]);
            Span<float> destination = values.Slice(i * BlockElements, BlockElements);
            SmallIntegers.StoreScaled((packed & nibble).AsSByte(), scale, least, ref destination[0]);
            SmallIntegers.StoreScaled((packed >> 4).AsSByte(), scale, least, ref destination[16]);
        }
    }
}
