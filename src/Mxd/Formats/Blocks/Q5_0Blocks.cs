using System.Runtime.Intrinsics;

namespace Mxd.Formats.Blocks;

/// <summary>
/// Q5_0: d (half), 32 fifth bits, 16 bytes of two nibbles; value i = d · (q - 16) with q the low nibble of byte i and bit i above it, value
/// 16 + i that of its high nibble and bit 16 + i.
/// </summary>
internal sealed class Q5_0Blocks : IBlockFormat
{
    public int BlockElements => 32;

    public int BlockBytes => 22;

    public void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        int count = BlockSpans.Count(this, blocks, values);
        for (int i = 0; i < count; i++)
            ReadBlock(blocks.Slice(i * BlockBytes, BlockBytes), values.Slice(i * BlockElements, BlockElements));
    }

    private static void ReadBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        Vector128<float> scale = Vector128.Create(BlockSpans.HalfAt(block, 0));
        (Vector128<byte> low, Vector128<byte> high) = FiveBits.Join(block[2..6], Vector128.Create(block[6..22]));
        SmallIntegers.StoreScaled(low.AsSByte() - Vector128.Create((sbyte)16), scale, Vector128<float>.Zero, ref values[0]);
        SmallIntegers.StoreScaled(high.AsSByte() - Vector128.Create((sbyte)16), scale, Vector128<float>.Zero, ref values[16]);
    }
}
