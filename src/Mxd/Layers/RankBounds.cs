using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// What the singular values σ_i of D [H,O] say about the numerical rank of D diag(c), the number of its singular values s_i above
/// τ = tolerance · s₁, before those are computed.
/// <code>
/// at least m   where σ_O · |c|_(m) > τ, for H ≥ O: s_m is at least the smallest singular value of the m columns with the largest |c|
/// at least H   where σ_H · min |c| > τ, for H ≤ O
/// at most m    where σ₁ · |c|_(m+1) ≤ τ: s_(m+1) is at most the norm of the other columns
/// at most m    where σ_(m+1) · max |c| ≤ τ
/// max_j |c_j| ‖d_j‖  ≤  s₁  ≤  min(σ₁ max |c|, √(Σ_j c_j² ‖d_j‖²))
/// </code>
/// |c|_(m) is the m-th largest. Where the largest lower and the smallest upper bound meet, the rank is known.
/// </summary>
internal sealed class RankBounds
{
    /// <summary>Keeps decisions clear of the rounding of singular values computed in float64.</summary>
    private const double Slack = 1e-9;

    private readonly double[] singularValues, columnNorms;
    private readonly bool tall, wide;
    private readonly double tolerance;

    private RankBounds(double[] singularValues, double[] columnNorms, bool tall, bool wide, double tolerance)
    {
        this.singularValues = singularValues;
        this.columnNorms = columnNorms;
        this.tall = tall;
        this.wide = wide;
        this.tolerance = tolerance;
    }

    /// <param name="factor">D [H,O], or R of its QR factorisation, in float64.</param>
    /// <param name="tolerance">Of the numerical rank.</param>
    public static RankBounds Of(Tensor factor, double tolerance)
    {
        using DisposeScope scope = NewDisposeScope();
        double[] norms = [.. linalg.vector_norm(factor, 2, [0]).cpu().data<double>()];
        double[] values = [.. linalg.svdvals(factor).cpu().data<double>()];
        return new RankBounds(values, norms, factor.shape[0] >= factor.shape[1], factor.shape[0] <= factor.shape[1], tolerance);
    }

    /// <summary>The rank of D diag(c), or null where the bounds leave it open.</summary>
    public int? Rank(double[] c)
    {
        double[] sizes = [.. c.Select(Math.Abs).OrderDescending()];
        double largest = c.Select((value, j) => Math.Abs(value) * columnNorms[j]).Max();
        double frobenius = Math.Sqrt(c.Select((value, j) => Math.Pow(value * columnNorms[j], 2)).Sum());
        double atLeast = tolerance * largest / (1 + Slack);
        double atMost = tolerance * Math.Min(singularValues[0] * sizes[0], frobenius) * (1 + Slack);

        int upper = Math.Min(sizes.Count(size => singularValues[0] * size > atLeast), singularValues.Count(sigma => sigma * sizes[0] > atLeast));
        int lower = 0;
        if (tall) lower = sizes.Count(size => singularValues[^1] * size > atMost);
        if (wide && singularValues[^1] * sizes[^1] > atMost) lower = singularValues.Length;
        return lower == upper ? lower : null;
    }
}
