using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Mxd.Kernels;

/// <summary>float32 to bfloat16, which is its upper half, and back.</summary>
internal static unsafe class Narrowing
{
    private const int Lanes = 8;

    /// <summary>Rounds to the nearest, of two as near to the even one; what is not a number stays so.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Round(float* from, ushort* to, int length)
    {
        int i = 0;
        for (; i + 2 * Lanes <= length; i += 2 * Lanes)
            Vector256.Narrow(Upper(Vector256.Load(from + i)), Upper(Vector256.Load(from + i + Lanes))).Store(to + i);
        for (; i < length; i++) to[i] = (ushort)Upper(Vector256.CreateScalar(from[i])).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(ushort* from, float* to, int length)
    {
        int i = 0;
        for (; i + 2 * Lanes <= length; i += 2 * Lanes)
        {
            (Vector256<uint> left, Vector256<uint> right) = Vector256.Widen(Vector256.Load(from + i));
            (left << 16).AsSingle().Store(to + i);
            (right << 16).AsSingle().Store(to + i + Lanes);
        }
        for (; i < length; i++) to[i] = BitConverter.UInt32BitsToSingle((uint)from[i] << 16);
    }

    private static Vector256<uint> Upper(Vector256<float> values)
    {
        Vector256<uint> bits = values.AsUInt32();
        Vector256<uint> odd = (bits >>> 16) & Vector256<uint>.One;
        Vector256<uint> rounded = (bits + Vector256.Create(0x7FFFu) + odd) >>> 16;
        Vector256<uint> quiet = (bits >>> 16) | Vector256.Create(0x40u);
        return Vector256.ConditionalSelect(Vector256.Equals(values, values).AsUInt32(), rounded, quiet);
    }
}
