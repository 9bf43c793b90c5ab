using System.Runtime.Intrinsics;

namespace Mxd.Formats.Blocks;

/// <summary>
/// Q4_0: d (half), 16 bytes of two nibbles; value i = d · (q - 8) with q the low nibble of byte i, value 16 + i that of its high nibble.
/// </summary>
internal sealed class Q4_0Blocks : IBlockFormat
{
    public int BlockElements => 32;

    public int BlockBytes => 18;

    public void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        int count = BlockSpans.Count(this, blocks, values);
        Vector128<byte> nibble = Vector128.Create((byte)0x0f);
        Vector128<sbyte> zero = Vector128.Create((sbyte)8);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> block = blocks.Slice(i * BlockBytes, BlockBytes);
            Vector128<float> scale = Vector128.Create(BlockSpans.HalfAt(block, 0));
            Vector128<byte> packed = Vector128.Create(block[2..18]);
            Span<float> destination = values.Slice(i * BlockElements, BlockElements);
            SmallIntegers.StoreScaled((packed & nibble).AsSByte() - zero, scale, Vector128<float>.Zero, ref destination[0]);
            SmallIntegers.StoreScaled((packed >> 4).AsSByte() - zero, scale, Vector128<float>.Zero, ref destination[16]);
        }
    }
}
