using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Mxd.Formats.Blocks;

/// <summary>F16: IEEE half precision.</summary>
internal sealed class F16Blocks : IBlockFormat
{
    /// <summary>2^112, the difference of the two formats' exponent biases: as a product it also brings subnormal halves to their value.</summary>
    private const float Rebias = 5.192296858534828e33f;

    public int BlockElements => 1;

    public int BlockBytes => sizeof(ushort);

    public void Dequantise(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        int count = BlockSpans.Count(this, blocks, values), done = 0;
        ReadOnlySpan<ushort> halves = MemoryMarshal.Cast<byte, ushort>(blocks);
        for (; done <= count - Vector<ushort>.Count; done += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(halves[done..]), out Vector<uint> low, out Vector<uint> high);
            Widen(low).CopyTo(values[done..]);
            Widen(high).CopyTo(values[(done + Vector<uint>.Count)..]);
        }
        for (; done < count; done++) values[done] = (float)BinaryPrimitives.ReadHalfLittleEndian(blocks[(done * sizeof(ushort))..]);
    }

    private static Vector<float> Widen(Vector<uint> half)
    {
        var sign = (half & new Vector<uint>(0x8000u)) << 16;
        var magnitude = Vector.AsVectorSingle((half & new Vector<uint>(0x7fffu)) << 13) * Rebias;
        var notFinite = Vector.Equals(half & new Vector<uint>(0x7c00u), new Vector<uint>(0x7c00u)) & new Vector<uint>(0x7f800000u);
        return Vector.AsVectorSingle(Vector.AsVectorUInt32(magnitude) | sign | notFinite);
    }
}
