using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Mxd.Kernels;

/// <summary>
/// eˣ for x ≤ 0, eight at a time: x = n ln 2 + r with |r| at most ln 2 / 2, and a Taylor polynomial of degree 7 for eʳ, whose error is
/// 5e-9; relative error of the result 7.4e-8. What is not a number stays so.
/// </summary>
internal static class Exponential
{
    private const float Smallest = -87, Log2E = 1.44269504f, HighLn2 = 0.693359375f, LowLn2 = -2.12194440e-4f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> OfNegative(Vector256<float> x)
    {
        Vector256<float> least = Vector256.Create(Smallest), bounded = Vector256.MaxNative(least, x);
        Vector256<float> n = Vector256.Floor(Vector256.MultiplyAddEstimate(bounded, Vector256.Create(Log2E), Vector256.Create(0.5f)));
        // ln 2 in two parts, the first with few digits, so that n times it is exact.
        Vector256<float> r = Vector256.MultiplyAddEstimate(n, Vector256.Create(-HighLn2), bounded);
        r = Vector256.MultiplyAddEstimate(n, Vector256.Create(-LowLn2), r);
        Vector256<float> sum = Vector256.Create(1f / 5040);
        sum = Vector256.MultiplyAddEstimate(sum, r, Vector256.Create(1f / 720));
        sum = Vector256.MultiplyAddEstimate(sum, r, Vector256.Create(1f / 120));
        sum = Vector256.MultiplyAddEstimate(sum, r, Vector256.Create(1f / 24));
        sum = Vector256.MultiplyAddEstimate(sum, r, Vector256.Create(1f / 6));
        sum = Vector256.MultiplyAddEstimate(sum, r, Vector256.Create(0.5f));
        sum = Vector256.MultiplyAddEstimate(sum, r, Vector256<float>.One);
        sum = Vector256.MultiplyAddEstimate(sum, r, Vector256<float>.One);
        Vector256<float> power = (Vector256.ConvertToInt32Native(n) + Vector256.Create(127) << 23).AsSingle();
        return Vector256.AndNot(sum * power, Vector256.LessThanOrEqual(x, least));
    }
}
