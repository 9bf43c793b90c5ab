using System.Buffers.Binary;

namespace Mxd.Formats.Blocks;

/// <summary>What the block formats share: the length check that makes their unchecked stores safe, and half-precision scales.</summary>
internal static class BlockSpans
{
    /// <summary>Number of blocks; throws when the two spans do not belong together.</summary>
    public static int Count(IBlockFormat format, ReadOnlySpan<byte> blocks, ReadOnlySpan<float> values)
    {
        (int count, int rest) = Math.DivRem(blocks.Length, format.BlockBytes);
        if (rest != 0 || values.Length != (long)count * format.BlockElements)
            throw new ArgumentException($"{blocks.Length} bytes are not the blocks of {values.Length} numbers ({format.BlockBytes} bytes for {format.BlockElements}).", nameof(blocks));
        return count;
    }

    public static float HalfAt(ReadOnlySpan<byte> block, int offset) => (float)BinaryPrimitives.ReadHalfLittleEndian(block[offset..]);
}
