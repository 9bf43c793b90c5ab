using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Mxd.Kernels;

/// <summary>
/// One update of Adam in one pass over memory, with t counting steps from 1:
/// <code>
/// m = β₁ m + (1 - β₁) g,   v = β₂ v + (1 - β₂) g²,   w -= stepSize · m / (√v / correction + ε)
/// stepSize = lr / (1 - β₁ᵗ),   correction = √(1 - β₂ᵗ)
/// </code>
/// The memory's speed is the limit (w, m and v are read and written), so a gradient that is known to be zero is not read.
/// </summary>
internal readonly unsafe record struct AdamUpdate(double Beta1, double Beta2, double Epsilon, double StepSize, double Correction)
{
    private const int Lanes = 8, Grain = 1 << 15;

    /// <summary>Updates <paramref name="count"/> values.</summary>
    public void Apply(float* w, float* m, float* v, float* gradient, long count, Workers workers)
    {
        AdamUpdate update = this;
        int items = checked((int)((count + Grain - 1) / Grain));
        workers.ForEach(items, (_, item) =>
        {
            long start = (long)item * Grain;
            update.Apply(w + start, m + start, v + start, gradient + start, (int)Math.Min(Grain, count - start));
        });
    }

    /// <summary>Updates a matrix [units,width] whose gradient is computed on the way, row by row.</summary>
    public void Apply(float* w, float* m, float* v, UnitGradient gradient, Workers workers)
    {
        AdamUpdate update = this;
        int width = gradient.Width;
        workers.ForRanges(gradient.Units, 64, (_, start, end) =>
        {
            // Not on the stack, which a wide layer would overflow.
            float[] rented = ArrayPool<float>.Shared.Rent(width);
            fixed (float* row = rented)
            {
                for (int unit = start; unit < end; unit++)
                {
                    long at = (long)unit * width;
                    if (gradient.Compute(unit, w + at, row)) update.Apply(w + at, m + at, v + at, row, width);
                    else update.ApplyZero(w + at, m + at, v + at, width);
                }
            }
            ArrayPool<float>.Shared.Return(rented);
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Apply(float* w, float* m, float* v, float* gradient, int length)
    {
        Vector256<float> beta1 = Create(Beta1), rest1 = Create(1 - Beta1), beta2 = Create(Beta2), rest2 = Create(1 - Beta2);
        int i = 0;
        for (; i + Lanes <= length; i += Lanes)
        {
            Vector256<float> g = Vector256.Load(gradient + i);
            Vector256<float> first = Vector256.Load(m + i) * beta1 + g * rest1, second = Vector256.Load(v + i) * beta2 + g * g * rest2;
            first.Store(m + i);
            second.Store(v + i);
            Move(w + i, first, second);
        }
        for (; i < length; i++)
        {
            float g = gradient[i];
            m[i] = m[i] * (float)Beta1 + g * (float)(1 - Beta1);
            v[i] = v[i] * (float)Beta2 + g * g * (float)(1 - Beta2);
            w[i] -= (float)StepSize * m[i] / (MathF.Sqrt(v[i]) / (float)Correction + (float)Epsilon);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ApplyZero(float* w, float* m, float* v, int length)
    {
        Vector256<float> beta1 = Create(Beta1), beta2 = Create(Beta2);
        int i = 0;
        for (; i + Lanes <= length; i += Lanes)
        {
            Vector256<float> first = Vector256.Load(m + i) * beta1, second = Vector256.Load(v + i) * beta2;
            first.Store(m + i);
            second.Store(v + i);
            Move(w + i, first, second);
        }
        for (; i < length; i++)
        {
            m[i] *= (float)Beta1;
            v[i] *= (float)Beta2;
            w[i] -= (float)StepSize * m[i] / (MathF.Sqrt(v[i]) / (float)Correction + (float)Epsilon);
        }
    }

    private void Move(float* w, Vector256<float> first, Vector256<float> second)
    {
        Vector256<float> denominator = Vector256.Sqrt(second) / Create(Correction) + Create(Epsilon);
        (Vector256.Load(w) - Create(StepSize) * first / denominator).Store(w);
    }

    private static Vector256<float> Create(double value) => Vector256.Create((float)value);
}
