using System.Runtime.Intrinsics;

namespace Mxd.Kernels;

/// <summary>
/// Φ(-t) / e^(-t²/2) for t ≥ 0, Φ the normal distribution: smooth and without underflow, so that one exponential gives both the distribution
/// and its density. .NET has no erf. A Chebyshev series in s = (t - c) / (t + c), which takes [0,∞) to [-1,1); its coefficients are
/// computed once, in double precision, from the series and the continued fraction of the complementary error function.
/// </summary>
internal static class NormalTail
{
    private const int Degree = 16, Nodes = 48;
    private const double Centre = 3;

    private static readonly float[] coefficients = [.. Coefficients().Select(c => (float)c)];

    public static Vector256<float> Ratio(Vector256<float> t)
    {
        // e^(-t²/2) is zero in float32 long before 20; an infinite t would give ∞/∞.
        t = Vector256.Min(t, Vector256.Create(20f));
        Vector256<float> centre = Vector256.Create((float)Centre), s = (t - centre) / (t + centre), twice = s + s;
        Vector256<float> next = default, sum = default;
        ReadOnlySpan<float> c = coefficients;
        for (int i = c.Length - 1; i > 0; i--) (sum, next) = (Vector256.MultiplyAddEstimate(twice, sum, Vector256.Create(c[i]) - next), sum);
        return Vector256.MultiplyAddEstimate(s, sum, Vector256.Create(c[0]) - next);
    }

    /// <summary>In double precision, for t ≥ 0.</summary>
    public static double Ratio(double t)
    {
        if (t > 4)
        {
            // Φ(-t) / φ(t) = 1 / (t + 1 / (t + 2 / (t + 3 / ...)))
            double fraction = t;
            for (int n = 120; n > 0; n--) fraction = t + n / fraction;
            return 1 / (fraction * Math.Sqrt(2 * Math.PI));
        }
        // Φ(t) - 1/2 = φ(t) (t + t³/3 + t⁵/(3·5) + ...)
        double term = t, sum = 0;
        for (int n = 1; term > 1e-18 * sum; n += 2)
        {
            sum += term;
            term *= t * t / (n + 2);
        }
        return 0.5 * Math.Exp(t * t / 2) - sum / Math.Sqrt(2 * Math.PI);
    }

    private static double[] Coefficients()
    {
        double[] result = new double[Degree + 1];
        for (int i = 0; i < Nodes; i++)
        {
            double angle = Math.PI * (i + 0.5) / Nodes, s = Math.Cos(angle);
            double value = Ratio(Centre * (1 + s) / (1 - s));
            for (int j = 0; j <= Degree; j++) result[j] += value * Math.Cos(j * angle) * (j == 0 ? 1 : 2) / Nodes;
        }
        return result;
    }
}
