using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Mxd.Kernels;

/// <summary>A nonlinearity with its derivative, eight values at a time.</summary>
internal interface IElementwise
{
    static abstract Vector256<float> Apply(Vector256<float> u, out Vector256<float> derivative);
}

/// <summary>max(u, 0).</summary>
internal readonly struct ReluKernel : IElementwise
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Apply(Vector256<float> u, out Vector256<float> derivative)
    {
        derivative = Vector256.GreaterThan(u, Vector256<float>.Zero) & Vector256<float>.One;
        // "Not at most zero" keeps what is not a number, so that a step on it is refused.
        return Vector256.AndNot(u, Vector256.LessThanOrEqual(u, Vector256<float>.Zero));
    }
}

/// <summary>σ(u) = 1 / (1 + e⁻ᵘ).</summary>
internal readonly struct SigmoidKernel : IElementwise
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Apply(Vector256<float> u, out Vector256<float> derivative)
    {
        Vector256<float> s = Both(u, out Vector256<float> rest);
        derivative = s * rest;
        return s;
    }

    /// <summary>σ(u) and 1 - σ(u), whose digits a subtraction would lose where σ is near 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Both(Vector256<float> u, out Vector256<float> rest)
    {
        // By e^(-|u|), which does not overflow.
        Vector256<float> e = Exponential.OfNegative(-Vector256.Abs(u)), large = Vector256<float>.One / (Vector256<float>.One + e), small = e * large;
        Vector256<float> negative = Vector256.LessThan(u, Vector256<float>.Zero);
        rest = Vector256.ConditionalSelect(negative, large, small);
        return Vector256.ConditionalSelect(negative, small, large);
    }
}

/// <summary>u σ(u).</summary>
internal readonly struct SiluKernel : IElementwise
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Apply(Vector256<float> u, out Vector256<float> derivative)
    {
        Vector256<float> s = SigmoidKernel.Both(u, out Vector256<float> rest);
        derivative = s * (Vector256<float>.One + u * rest);
        return u * s;
    }
}

/// <summary>u (1 + tanh q) / 2 = u σ(2q) with q = √(2/π) (u + 0.044715 u³).</summary>
internal readonly struct GeluTanhKernel : IElementwise
{
    private const float Cubic = 0.044715f, Scale = 1.5957691216f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Apply(Vector256<float> u, out Vector256<float> derivative)
    {
        Vector256<float> square = u * u;
        Vector256<float> s = SigmoidKernel.Apply(Scale * u * (Vector256<float>.One + Cubic * square), out Vector256<float> slope);
        derivative = s + u * slope * (Scale * (Vector256<float>.One + 3 * Cubic * square));
        return u * s;
    }
}

/// <summary>u Φ(u), with derivative Φ(u) + u φ(u); see <see cref="NormalTail"/>.</summary>
internal readonly struct GeluKernel : IElementwise
{
    private const float Density = 0.3989422804f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Apply(Vector256<float> u, out Vector256<float> derivative)
    {
        Vector256<float> decay = Exponential.OfNegative(-0.5f * u * u);
        Vector256<float> tail = decay * NormalTail.Ratio(Vector256.Abs(u));
        Vector256<float> cumulative = Vector256.ConditionalSelect(Vector256.LessThan(u, Vector256<float>.Zero), tail, Vector256<float>.One - tail);
        derivative = Vector256.MultiplyAddEstimate(u, Density * decay, cumulative);
        return u * cumulative;
    }
}
