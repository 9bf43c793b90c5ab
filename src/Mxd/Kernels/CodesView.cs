namespace Mxd.Kernels;

/// <summary>K chosen units a token in memory: indices and coefficients [B,K].</summary>
internal readonly unsafe record struct CodesView(nint IndexAddress, nint CoefficientAddress, int Tokens, int Slots)
{
    public CodesView(long* indices, float* coefficients, int tokens, int slots)
        : this((nint)indices, (nint)coefficients, tokens, slots)
    {
    }

    public long* Indices => (long*)IndexAddress;

    public float* Coefficients => (float*)CoefficientAddress;
}
