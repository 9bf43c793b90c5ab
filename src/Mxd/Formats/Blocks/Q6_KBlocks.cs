using System.Runtime.Intrinsics;

namespace Mxd.Formats.Blocks;

/// <summary>
/// Q6_K: 128 bytes of low nibbles, 64 bytes of four pairs of high bits, 16 signed scales, d (half). Every 16 values share a scale s:
/// value = d · s · (q - 32), with q a nibble and two bits above it. In each half of the block 64 bytes hold 64 values in their low
/// nibbles and the next 64 in their high ones; pair j of 32 bytes belongs to its j-th 32 values.
/// </summary>
internal sealed class Q6_KBlocks : IBlockFormat
{
    public int BlockElements => 256;

    public int BlockBytes => 210;

    public void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        int count = BlockSpans.Count(this, blocks, values);
        for (int i = 0; i < count; i++)
            ReadBlock(blocks.Slice(i * BlockBytes, BlockBytes), values.Slice(i * BlockElements, BlockElements));
    }

    private static void ReadBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockSpans.HalfAt(block, 208);
        (Vector128<byte> nibble, Vector128<byte> twoBits) = (Vector128.Create((byte)15), Vector128.Create((byte)3));
        for (int group = 0; group < 16; group++)
        {
            (int half, int quarter, int part) = (group / 8, group / 2 % 4, group % 2);
            Vector128<byte> packed = Vector128.Create(block.Slice(64 * half + 32 * (quarter % 2) + 16 * part, 16));
            Vector128<byte> high = (Vector128.Create(block.Slice(128 + 32 * half + 16 * part, 16)) >> (2 * quarter)) & twoBits;
            Vector128<byte> joined = (quarter < 2 ? packed & nibble : packed >> 4) | (high << 4);
            SmallIntegers.StoreScaled(
                joined.AsSByte() - Vector128.Create((sbyte)32), Vector128.Create(scale * (sbyte)block[192 + group]), Vector128<float>.Zero, ref values[16 * group]);
        }
    }
}
