using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Mxd.Kernels;

/// <summary>Sums over one row of a matrix, vectorised; the order of additions depends on the length alone.</summary>
internal static unsafe class RowMath
{
    private const int Lanes = 8;

    /// <summary>to += scale * from.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(float* to, float* from, float scale, int length)
    {
        Vector256<float> factor = Vector256.Create(scale);
        int i = 0;
        for (; i + Lanes <= length; i += Lanes)
            Vector256.MultiplyAddEstimate(Vector256.Load(from + i), factor, Vector256.Load(to + i)).Store(to + i);
        for (; i < length; i++) to[i] += scale * from[i];
    }

    /// <summary>to += Σ of four rows, each with its factor: a row of sums is read and written once instead of four times.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(float* to, float* a, float* b, float* c, float* d, Vector128<float> scales, int length)
    {
        Vector256<float> fa = Vector256.Create(scales[0]), fb = Vector256.Create(scales[1]);
        Vector256<float> fc = Vector256.Create(scales[2]), fd = Vector256.Create(scales[3]);
        int i = 0;
        for (; i + Lanes <= length; i += Lanes)
        {
            Vector256<float> sum = Vector256.Load(to + i);
            sum = Vector256.MultiplyAddEstimate(Vector256.Load(a + i), fa, sum);
            sum = Vector256.MultiplyAddEstimate(Vector256.Load(b + i), fb, sum);
            sum = Vector256.MultiplyAddEstimate(Vector256.Load(c + i), fc, sum);
            sum = Vector256.MultiplyAddEstimate(Vector256.Load(d + i), fd, sum);
            sum.Store(to + i);
        }
        for (; i < length; i++) to[i] += scales[0] * a[i] + scales[1] * b[i] + scales[2] * c[i] + scales[3] * d[i];
    }

    /// <summary>to += Σ scale_j * row_j, in the order given.</summary>
    /// <param name="to">[length].</param>
    /// <param name="rows">Start of each row.</param>
    /// <param name="scales">Its factor.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(float* to, ReadOnlySpan<nint> rows, ReadOnlySpan<float> scales, int length)
    {
        int j = 0;
        for (; j + 4 <= rows.Length; j += 4)
        {
            AddScaled(
                to, (float*)rows[j], (float*)rows[j + 1], (float*)rows[j + 2], (float*)rows[j + 3], Vector128.Create(scales.Slice(j, 4)), length);
        }
        for (; j < rows.Length; j++) AddScaled(to, (float*)rows[j], scales[j], length);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Dot(float* a, float* b, int length)
    {
        Vector256<float> even = default, odd = default;
        int i = 0;
        for (; i + 2 * Lanes <= length; i += 2 * Lanes)
        {
            even = Vector256.MultiplyAddEstimate(Vector256.Load(a + i), Vector256.Load(b + i), even);
            odd = Vector256.MultiplyAddEstimate(Vector256.Load(a + i + Lanes), Vector256.Load(b + i + Lanes), odd);
        }
        float sum = Vector256.Sum(even + odd);
        for (; i < length; i++) sum += a[i] * b[i];
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* row, float factor, int length)
    {
        Vector256<float> factors = Vector256.Create(factor);
        int i = 0;
        for (; i + Lanes <= length; i += Lanes) (Vector256.Load(row + i) * factors).Store(row + i);
        for (; i < length; i++) row[i] *= factor;
    }
}
