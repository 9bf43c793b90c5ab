using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Mxd.Kernels;

/// <summary>
/// The output, its loss and the gradients that come from it, in one pass over [B,O]. With m = a C, s = z D (null in a dictionary), d = 2 / terms:
/// <code>
/// y = m * s + b + r    dy = d (y - t) / ‖t‖    gradient of m: s * dy    gradient of s: m * dy
/// </code>
/// the loss is Σ (y - t)² / ‖t‖ / terms with terms = O times the tokens whose target is not zero; others have a weight of zero.
/// </summary>
internal sealed unsafe class LossKernel(Workers workers) : IDisposable
{
    private const int Lanes = 8, Grain = 32;

    private readonly NativeBuffer<float> weights = new();
    private readonly NativeBuffer<double> losses = new();

    /// <param name="m">[B,O]; becomes the gradient of s where there is s, otherwise it stays.</param>
    /// <param name="s">[B,O]; becomes the gradient of m; null in a dictionary, whose gradient of m is dy.</param>
    /// <param name="bias">b [O].</param>
    /// <param name="y">r, what else is added, [B,O]; becomes y. Zeros where nothing is.</param>
    /// <param name="target">t [B,O].</param>
    /// <param name="dy">[B,O].</param>
    /// <returns>The loss.</returns>
    public double Differentiate(float* m, float* s, float* bias, float* y, float* target, float* dy, int tokens, int width)
    {
        float* weight = weights.Ensure(tokens);
        double* loss = losses.Ensure(tokens);
        workers.ForRanges(tokens, Grain, (_, start, end) =>
        {
            for (int token = start; token < end; token++)
            {
                float* t = target + (long)token * width;
                float norm = MathF.Sqrt(RowMath.Dot(t, t, width));
                weight[token] = norm == 0 ? 0 : 1 / norm;
            }
        });
        int counted = 0;
        for (int token = 0; token < tokens; token++)
            if (weight[token] != 0) counted++;
        double terms = Math.Max(1, counted) * (double)width;
        workers.ForRanges(tokens, Grain, (_, start, end) =>
        {
            for (int token = start; token < end; token++)
            {
                long at = (long)token * width;
                float* scale = s is null ? null : s + at;
                loss[token] = weight[token] * Row(m + at, scale, bias, y + at, target + at, dy + at, (float)(2 / terms) * weight[token], width);
            }
        });
        double sum = 0;
        for (int token = 0; token < tokens; token++) sum += loss[token];
        return sum / terms;
    }

    public void Dispose()
    {
        weights.Dispose();
        losses.Dispose();
    }

    /// <summary>One token; returns ‖y - t‖².</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Row(float* m, float* s, float* bias, float* y, float* t, float* dy, float scale, int width)
    {
        Vector256<float> squares = default, factor = Vector256.Create(scale);
        int i = 0;
        for (; i + Lanes <= width; i += Lanes)
        {
            Vector256<float> sum = Vector256.Load(m + i), shared = s is null ? default : Vector256.Load(s + i);
            Vector256<float> output = (s is null ? sum : sum * shared) + (Vector256.Load(bias + i) + Vector256.Load(y + i));
            output.Store(y + i);
            Vector256<float> difference = output - Vector256.Load(t + i), gradient = difference * factor;
            squares = Vector256.MultiplyAddEstimate(difference, difference, squares);
            gradient.Store(dy + i);
            if (s is null) continue;
            (sum * gradient).Store(m + i);
            (shared * gradient).Store(s + i);
        }
        float total = Vector256.Sum(squares);
        for (; i < width; i++)
        {
            y[i] += bias[i] + (s is null ? m[i] : m[i] * s[i]);
            float difference = y[i] - t[i];
            total += difference * difference;
            dy[i] = difference * scale;
            if (s is null) continue;
            (m[i], s[i]) = (m[i] * dy[i], s[i] * dy[i]);
        }
        return total;
    }
}
