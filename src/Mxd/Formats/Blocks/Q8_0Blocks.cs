using System.Runtime.Intrinsics;

namespace Mxd.Formats.Blocks;

/// <summary>Q8_0: d (half), 32 signed bytes q; value i = d · q.</summary>
internal sealed class Q8_0Blocks : IBlockFormat
{
    public int BlockElements => 32;

    public int BlockBytes => 34;

    public void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        int count = BlockSpans.Count(this, blocks, values);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> block = blocks.Slice(i * BlockBytes, BlockBytes);
            Vector128<float> scale = Vector128.Create(BlockSpans.HalfAt(block, 0));
            Span<float> destination = values.Slice(i * BlockElements, BlockElements);
            SmallIntegers.StoreScaled(Vector128.Create(block[2..18]).AsSByte(), scale, Vector128<float>.Zero, ref destination[0]);
            SmallIntegers.StoreScaled(Vector128.Create(block[18..34]).AsSByte(), scale, Vector128<float>.Zero, ref destination[16]);
        }
    }
}
