using System.Runtime.InteropServices;

namespace Mxd.Formats.Blocks;

/// <summary>F32: the numbers themselves.</summary>
internal sealed class F32Blocks : IBlockFormat
{
    public int BlockElements => 1;

    public int BlockBytes => sizeof(float);

    public void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        BlockSpans.Count(this, blocks, values);
        blocks.CopyTo(MemoryMarshal.AsBytes(values));
    }
}
