using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// One function in four ways (arXiv 2505.21364, section 3). A mixture of N experts has the third-order weight tensor W [N,H,O] with
/// <code>
/// W[n,h,o] = C[n,o] D[h,o]          C [N,O]: row n is c_n;  D [H,O]
/// </code>
/// so that expert n's slice is W_n = D diag(c_n). For coefficients a [B,N] of any sign and hidden values z [B,H] every form below gives
/// the same y [B,O] up to rounding; a layer adds its output bias. Only <see cref="Factorised"/> never writes W out, and it is what layers
/// compute; the others are definitions to read, to check against and to reason with. Each result belongs to the caller's dispose scope.
/// </summary>
public static class EquivalentForms
{
    /// <summary>
    /// y = (a C) * (z D): 2 (N + H) O operations a token, where the explicit sum needs 2 N H O.
    /// </summary>
    /// <exception cref="ArgumentException">The shapes do not fit together.</exception>
    public static Tensor Factorised(Tensor a, Tensor z, Tensor scales, Tensor decoder)
    {
        Check(a, z, scales, decoder);
        using DisposeScope scope = NewDisposeScope();
        return (matmul(a, scales) * matmul(z, decoder)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// y = Σ_n a_n W_nᵀ z (in rows: Σ_n a_n z W_n): the mixture of linear experts as it is defined, one [H,O] matrix at a time.
    /// </summary>
    /// <inheritdoc cref="Factorised" path="/exception"/>
    public static Tensor SumOfExperts(Tensor a, Tensor z, Tensor scales, Tensor decoder)
    {
        Check(a, z, scales, decoder);
        using DisposeScope scope = NewDisposeScope();
        Tensor y = zeros(z.shape[0], decoder.shape[1], dtype: z.dtype, device: z.device);
        for (long n = 0; n < scales.shape[0]; n++)
        {
            using DisposeScope term = NewDisposeScope();
            y.add_(a.narrow(1, n, 1) * matmul(z, MaterialiseExpert(scales, decoder, n)), One);
        }
        return y.MoveToOuterDisposeScope();
    }

    /// <summary>
    /// y = (a ⊗ z) (C ⊙ D): the Kronecker product of each token's coefficients and hidden values, [B,N·H] with a_n z_h at n H + h, times
    /// the mode-3 unfolding of W (<see cref="KhatriRao"/>, transposed here because tokens are rows).
    /// </summary>
    /// <inheritdoc cref="Factorised" path="/exception"/>
    public static Tensor Unfolded(Tensor a, Tensor z, Tensor scales, Tensor decoder)
    {
        Check(a, z, scales, decoder);
        using DisposeScope scope = NewDisposeScope();
        Tensor kronecker = (a.unsqueeze(2) * z.unsqueeze(1)).reshape(z.shape[0], -1);
        return matmul(kronecker, KhatriRao(scales, decoder).t()).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// y = W ×₁ a ×₂ z: W contracted with the coefficients over its first mode, which leaves each token its own [H,O] matrix
    /// Σ_n a_n W_n, and that with the hidden values over the second. Holds B H O values beside W.
    /// </summary>
    /// <inheritdoc cref="Factorised" path="/exception"/>
    public static Tensor ModeProducts(Tensor a, Tensor z, Tensor scales, Tensor decoder)
    {
        Check(a, z, scales, decoder);
        using DisposeScope scope = NewDisposeScope();
        Tensor blended = tensordot(a, WeightTensor(scales, decoder), [1], [0]);
        return matmul(z.unsqueeze(1), blended).squeeze(1).MoveToOuterDisposeScope();
    }

    /// <summary>W_n = D diag(c_n), [H,O]: the weights of expert n.</summary>
    /// <exception cref="ArgumentException">The shapes do not fit together, or there is no expert n.</exception>
    public static Tensor MaterialiseExpert(Tensor scales, Tensor decoder, long n)
    {
        Check(scales, decoder);
        if (n < 0 || n >= scales.shape[0])
            throw new ArgumentOutOfRangeException(nameof(n), n, $"Experts are numbered from 0 to {scales.shape[0] - 1}.");
        using DisposeScope scope = NewDisposeScope();
        return (decoder * scales[n]).MoveToOuterDisposeScope();
    }

    /// <summary>W [N,H,O], W[n,h,:] = c_n * d_h.</summary>
    /// <inheritdoc cref="Factorised" path="/exception"/>
    public static Tensor WeightTensor(Tensor scales, Tensor decoder)
    {
        Check(scales, decoder);
        using DisposeScope scope = NewDisposeScope();
        return (scales.unsqueeze(1) * decoder.unsqueeze(0)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// (C ⊙ D)ᵀ [O,N·H]: the transposed Khatri-Rao product, whose row o is the Kronecker product of C's column o and D's; the mode-3
    /// unfolding of <see cref="WeightTensor"/> with n changing slowest.
    /// </summary>
    /// <inheritdoc cref="Factorised" path="/exception"/>
    public static Tensor KhatriRao(Tensor scales, Tensor decoder)
    {
        Check(scales, decoder);
        using DisposeScope scope = NewDisposeScope();
        Tensor columns = scales.t().unsqueeze(2) * decoder.t().unsqueeze(1);
        return columns.reshape(decoder.shape[1], -1).MoveToOuterDisposeScope();
    }

    internal static void Check(Tensor scales, Tensor decoder)
    {
        if (scales.dim() != 2 || decoder.dim() != 2 || scales.shape[1] != decoder.shape[1])
            throw new ArgumentException($"C is {Shape(scales)} and D is {Shape(decoder)}; they must be [N,O] and [H,O] with the same O.");
    }

    private static void Check(Tensor a, Tensor z, Tensor scales, Tensor decoder)
    {
        Check(scales, decoder);
        if (a.dim() != 2 || a.shape[1] != scales.shape[0])
            throw new ArgumentException($"The coefficients are {Shape(a)}; {scales.shape[0]} experts need [B,{scales.shape[0]}].");
        if (z.dim() != 2 || z.shape[1] != decoder.shape[0] || z.shape[0] != a.shape[0])
            throw new ArgumentException(
                $"The hidden values are {Shape(z)}; {a.shape[0]} tokens and a decoder of {decoder.shape[0]} rows need [{a.shape[0]},{decoder.shape[0]}].");
    }

    private static string Shape(Tensor tensor) => $"[{string.Join(",", tensor.shape)}]";
}
