using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Mxd.Kernels;

/// <summary>
/// 12 x 32 outputs in 24 of the 32 registers that AVX-512 has; two hold a row of B, one an element of A.
/// </summary>
internal readonly unsafe struct Vector512Kernel : IMicroKernel
{
    public static int Rows => 12;

    public static int Columns => 32;

    public static int Depth => 192;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(int depth, float* a, float* b, float* c, nint stride, bool add)
    {
        Vector512<float> l0 = default, r0 = default;
        Vector512<float> l1 = default, r1 = default;
        Vector512<float> l2 = default, r2 = default;
        Vector512<float> l3 = default, r3 = default;
        Vector512<float> l4 = default, r4 = default;
        Vector512<float> l5 = default, r5 = default;
        Vector512<float> l6 = default, r6 = default;
        Vector512<float> l7 = default, r7 = default;
        Vector512<float> l8 = default, r8 = default;
        Vector512<float> l9 = default, r9 = default;
        Vector512<float> l10 = default, r10 = default;
        Vector512<float> l11 = default, r11 = default;
        for (int k = 0; k < depth; k++, a += 12, b += 32)
        {
            Vector512<float> left = Vector512.LoadAligned(b), right = Vector512.LoadAligned(b + 16);
            Vector512<float> x0 = Vector512.Create(a[0]);
            l0 = Vector512.MultiplyAddEstimate(x0, left, l0);
            r0 = Vector512.MultiplyAddEstimate(x0, right, r0);
            Vector512<float> x1 = Vector512.Create(a[1]);
            l1 = Vector512.MultiplyAddEstimate(x1, left, l1);
            r1 = Vector512.MultiplyAddEstimate(x1, right, r1);
            Vector512<float> x2 = Vector512.Create(a[2]);
            l2 = Vector512.MultiplyAddEstimate(x2, left, l2);
            r2 = Vector512.MultiplyAddEstimate(x2, right, r2);
            Vector512<float> x3 = Vector512.Create(a[3]);
            l3 = Vector512.MultiplyAddEstimate(x3, left, l3);
            r3 = Vector512.MultiplyAddEstimate(x3, right, r3);
            Vector512<float> x4 = Vector512.Create(a[4]);
            l4 = Vector512.MultiplyAddEstimate(x4, left, l4);
            r4 = Vector512.MultiplyAddEstimate(x4, right, r4);
            Vector512<float> x5 = Vector512.Create(a[5]);
            l5 = Vector512.MultiplyAddEstimate(x5, left, l5);
            r5 = Vector512.MultiplyAddEstimate(x5, right, r5);
            Vector512<float> x6 = Vector512.Create(a[6]);
            l6 = Vector512.MultiplyAddEstimate(x6, left, l6);
            r6 = Vector512.MultiplyAddEstimate(x6, right, r6);
            Vector512<float> x7 = Vector512.Create(a[7]);
            l7 = Vector512.MultiplyAddEstimate(x7, left, l7);
            r7 = Vector512.MultiplyAddEstimate(x7, right, r7);
            Vector512<float> x8 = Vector512.Create(a[8]);
            l8 = Vector512.MultiplyAddEstimate(x8, left, l8);
            r8 = Vector512.MultiplyAddEstimate(x8, right, r8);
            Vector512<float> x9 = Vector512.Create(a[9]);
            l9 = Vector512.MultiplyAddEstimate(x9, left, l9);
            r9 = Vector512.MultiplyAddEstimate(x9, right, r9);
            Vector512<float> x10 = Vector512.Create(a[10]);
            l10 = Vector512.MultiplyAddEstimate(x10, left, l10);
            r10 = Vector512.MultiplyAddEstimate(x10, right, r10);
            Vector512<float> x11 = Vector512.Create(a[11]);
            l11 = Vector512.MultiplyAddEstimate(x11, left, l11);
            r11 = Vector512.MultiplyAddEstimate(x11, right, r11);
        }
        Store(c, l0, r0, add);
        Store(c + stride, l1, r1, add);
        Store(c + 2 * stride, l2, r2, add);
        Store(c + 3 * stride, l3, r3, add);
        Store(c + 4 * stride, l4, r4, add);
        Store(c + 5 * stride, l5, r5, add);
        Store(c + 6 * stride, l6, r6, add);
        Store(c + 7 * stride, l7, r7, add);
        Store(c + 8 * stride, l8, r8, add);
        Store(c + 9 * stride, l9, r9, add);
        Store(c + 10 * stride, l10, r10, add);
        Store(c + 11 * stride, l11, r11, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* c, Vector512<float> left, Vector512<float> right, bool add)
    {
        if (add)
        {
            left += Vector512.Load(c);
            right += Vector512.Load(c + 16);
        }
        left.Store(c);
        right.Store(c + 16);
    }
}
