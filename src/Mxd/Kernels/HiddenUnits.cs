using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Mxd.Kernels;

/// <summary>
/// The element-wise half of a hidden layer, forward and backward in one pass each. What backward needs overwrites what forward no longer does:
/// <code>
/// plain   z = act(u + e)                 u becomes act'(u + e)
/// GLU     z = act(u + e) (f + v)         u becomes act'(u + e) (f + v),   f becomes act(u + e)
/// </code>
/// </summary>
internal abstract unsafe class HiddenUnits
{
    private const int Grain = 16;

    /// <summary>By the name that options use; null where there is no kernel of it.</summary>
    public static HiddenUnits? Find(string activation) => activation switch
    {
        "relu" => new Of<ReluKernel>(),
        "gelu" => OfGelu(),
        "gelu-tanh" => new Of<GeluTanhKernel>(),
        "sigmoid" => new Of<SigmoidKernel>(),
        "silu" => new Of<SiluKernel>(),
        _ => null,
    };

    public static HiddenUnits Create(string activation) =>
        Find(activation) ?? throw new ArgumentOutOfRangeException(nameof(activation), activation, "There is no kernel of this name.");

    /// <param name="u">x Eᵀ [B,H], overwritten as above.</param>
    /// <param name="bias">e [H].</param>
    /// <param name="factor">x Vᵀ [B,H], overwritten as above; null where there is none.</param>
    /// <param name="factorBias">v [H].</param>
    /// <param name="z">[B,H].</param>
    public void Forward(float* u, float* bias, float* factor, float* factorBias, float* z, int rows, int width, Workers workers)
    {
        workers.ForRanges(rows, Grain, (_, start, end) =>
        {
            for (int row = start; row < end; row++)
            {
                long at = (long)row * width;
                Row(u + at, bias, factor is null ? null : factor + at, factorBias, z + at, width);
            }
        });
    }

    /// <summary>a *= b, [rows,width].</summary>
    public static void Multiply(float* a, float* b, int rows, int width, Workers workers) =>
        workers.ForRanges(rows, Grain, (_, start, end) => Multiply(a + (long)start * width, b + (long)start * width, (long)(end - start) * width));

    /// <summary>One row of <see cref="Forward"/>.</summary>
    public void Row(float* u, float* bias, float* factor, float* factorBias, float* z, int width)
    {
        if (factor is null) Row(u, bias, z, width);
        else GluRow(u, bias, factor, factorBias, z, width);
    }

    /// <summary>z alone, written over u, for one row.</summary>
    public abstract void Values(float* u, float* bias, float* factor, float* factorBias, int width);

    protected abstract void Row(float* u, float* bias, float* z, int width);

    protected abstract void GluRow(float* u, float* bias, float* factor, float* factorBias, float* z, int width);

    private static Of<GeluKernel> OfGelu()
    {
        NormalTail.Prepare();
        return new Of<GeluKernel>();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(float* a, float* b, long length)
    {
        long i = 0;
        for (; i + 8 <= length; i += 8) (Vector256.Load(a + i) * Vector256.Load(b + i)).Store(a + i);
        for (; i < length; i++) a[i] *= b[i];
    }

    private sealed class Of<TActivation> : HiddenUnits
        where TActivation : struct, IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Values(float* u, float* bias, float* factor, float* factorBias, int width)
        {
            int i = 0;
            for (; i + 8 <= width; i += 8)
            {
                Vector256<float> value = TActivation.Apply(Vector256.Load(u + i) + Vector256.Load(bias + i), out _);
                (factor is null ? value : value * (Vector256.Load(factor + i) + Vector256.Load(factorBias + i))).Store(u + i);
            }
            for (; i < width; i++)
            {
                float value = TActivation.Apply(Vector256.Create(u[i] + bias[i]), out _).ToScalar();
                u[i] = factor is null ? value : value * (factor[i] + factorBias[i]);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        protected override void Row(float* u, float* bias, float* z, int width)
        {
            int i = 0;
            for (; i + 8 <= width; i += 8)
            {
                TActivation.Apply(Vector256.Load(u + i) + Vector256.Load(bias + i), out Vector256<float> derivative).Store(z + i);
                derivative.Store(u + i);
            }
            for (; i < width; i++)
            {
                z[i] = TActivation.Apply(Vector256.Create(u[i] + bias[i]), out Vector256<float> derivative).ToScalar();
                u[i] = derivative.ToScalar();
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        protected override void GluRow(float* u, float* bias, float* factor, float* factorBias, float* z, int width)
        {
            int i = 0;
            for (; i + 8 <= width; i += 8)
            {
                Vector256<float> value = TActivation.Apply(Vector256.Load(u + i) + Vector256.Load(bias + i), out Vector256<float> derivative);
                Vector256<float> other = Vector256.Load(factor + i) + Vector256.Load(factorBias + i);
                (value * other).Store(z + i);
                (derivative * other).Store(u + i);
                value.Store(factor + i);
            }
            for (; i < width; i++)
            {
                float value = TActivation.Apply(Vector256.Create(u[i] + bias[i]), out Vector256<float> derivative).ToScalar();
                float other = factor[i] + factorBias[i];
                z[i] = value * other;
                u[i] = derivative.ToScalar() * other;
                factor[i] = value;
            }
        }
    }
}
