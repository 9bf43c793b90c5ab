namespace Mxd.Kernels;

/// <summary>
/// An encoder in memory: units have the values u = act(x Wᵀ + w) * (x Vᵀ + v), the second factor in GLU variants only.
/// </summary>
/// <param name="Weights">W [N,I].</param>
/// <param name="BiasAddress">w [N].</param>
/// <param name="Factor">V [N,I], or null.</param>
/// <param name="FactorBiasAddress">v [N].</param>
internal readonly unsafe record struct EncoderView(MatrixView Weights, nint BiasAddress, MatrixView? Factor = null, nint FactorBiasAddress = 0)
{
    public EncoderView(MatrixView weights, float* bias)
        : this(weights, (nint)bias)
    {
    }

    public int Units => Weights.Rows;

    public float* Bias => (float*)BiasAddress;

    public float* FactorBias => (float*)FactorBiasAddress;

    /// <summary>Some of the units.</summary>
    public EncoderView FromUnit(int start, int count) => new(
        Weights.FromRow(start, count), (nint)(Bias + start), Factor?.FromRow(start, count), Factor is null ? 0 : (nint)(FactorBias + start));
}
