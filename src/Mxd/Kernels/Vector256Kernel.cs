using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Mxd.Kernels;

/// <summary>
/// 6 x 16 outputs in 12 of the 16 registers that AVX2 has; two hold a row of B, one an element of A.
/// </summary>
internal readonly unsafe struct Vector256Kernel : IMicroKernel
{
    public static int Rows => 6;

    public static int Columns => 16;

    public static int Depth => 256;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(int depth, float* a, float* b, float* c, nint stride, bool add)
    {
        Vector256<float> l0 = default, r0 = default;
        Vector256<float> l1 = default, r1 = default;
        Vector256<float> l2 = default, r2 = default;
        Vector256<float> l3 = default, r3 = default;
        Vector256<float> l4 = default, r4 = default;
        Vector256<float> l5 = default, r5 = default;
        for (int k = 0; k < depth; k++, a += 6, b += 16)
        {
            Vector256<float> left = Vector256.LoadAligned(b), right = Vector256.LoadAligned(b + 8);
            Vector256<float> x0 = Vector256.Create(a[0]);
            l0 = Vector256.MultiplyAddEstimate(x0, left, l0);
            r0 = Vector256.MultiplyAddEstimate(x0, right, r0);
            Vector256<float> x1 = Vector256.Create(a[1]);
            l1 = Vector256.MultiplyAddEstimate(x1, left, l1);
            r1 = Vector256.MultiplyAddEstimate(x1, right, r1);
            Vector256<float> x2 = Vector256.Create(a[2]);
            l2 = Vector256.MultiplyAddEstimate(x2, left, l2);
            r2 = Vector256.MultiplyAddEstimate(x2, right, r2);
            Vector256<float> x3 = Vector256.Create(a[3]);
            l3 = Vector256.MultiplyAddEstimate(x3, left, l3);
            r3 = Vector256.MultiplyAddEstimate(x3, right, r3);
            Vector256<float> x4 = Vector256.Create(a[4]);
            l4 = Vector256.MultiplyAddEstimate(x4, left, l4);
            r4 = Vector256.MultiplyAddEstimate(x4, right, r4);
            Vector256<float> x5 = Vector256.Create(a[5]);
            l5 = Vector256.MultiplyAddEstimate(x5, left, l5);
            r5 = Vector256.MultiplyAddEstimate(x5, right, r5);
        }
        Store(c, l0, r0, add);
        Store(c + stride, l1, r1, add);
        Store(c + 2 * stride, l2, r2, add);
        Store(c + 3 * stride, l3, r3, add);
        Store(c + 4 * stride, l4, r4, add);
        Store(c + 5 * stride, l5, r5, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* c, Vector256<float> left, Vector256<float> right, bool add)
    {
        if (add)
        {
            left += Vector256.Load(c);
            right += Vector256.Load(c + 8);
        }
        left.Store(c);
        right.Store(c + 8);
    }
}
