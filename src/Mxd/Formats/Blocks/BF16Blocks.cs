using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Mxd.Formats.Blocks;

/// <summary>BF16: the upper half of a float32.</summary>
internal sealed class BF16Blocks : IBlockFormat
{
    public int BlockElements => 1;

    public int BlockBytes => sizeof(ushort);

    public void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        int count = BlockSpans.Count(this, blocks, values), done = 0;
        ReadOnlySpan<ushort> upper = MemoryMarshal.Cast<byte, ushort>(blocks);
        for (; done <= count - Vector<ushort>.Count; done += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(upper[done..]), out Vector<uint> low, out Vector<uint> high);
            Vector.AsVectorSingle(low << 16).CopyTo(values[done..]);
            Vector.AsVectorSingle(high << 16).CopyTo(values[(done + Vector<uint>.Count)..]);
        }
        for (; done < count; done++)
            values[done] = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(blocks[(done * sizeof(ushort))..]) << 16);
    }
}
