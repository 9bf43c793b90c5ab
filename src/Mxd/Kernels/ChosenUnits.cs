namespace Mxd.Kernels;

/// <summary>What the gradient of an encoder needs of the chosen units alone, in K products of a row a token.</summary>
internal static unsafe class ChosenUnits
{
    private const int Grain = 32;

    /// <summary>
    /// With p = x Wᵀ + w and f = x Vᵀ + v (one where there is none): turns d loss / d u into d loss / d p and, where there is f, d loss / d f.
    /// <code>
    /// dp = du act'(p) f    df = du act(p)
    /// </code>
    /// </summary>
    /// <param name="x">[B,I].</param>
    /// <param name="encoder">Of all units.</param>
    /// <param name="activation">act.</param>
    /// <param name="codes">The chosen, [B,K].</param>
    /// <param name="gradient">du, [B,K]; becomes dp.</param>
    /// <param name="factorGradient">Becomes df, [B,K]; null where there is no f.</param>
    public static void Backward(
        MatrixView x, EncoderView encoder, HiddenUnits activation, CodesView codes, float* gradient, float* factorGradient, Workers workers)
    {
        workers.ForRanges(codes.Tokens, Grain, (_, start, end) =>
        {
            float* p = stackalloc float[5 * codes.Slots], bias = p + codes.Slots, f = bias + codes.Slots, factorBias = f + codes.Slots, u = factorBias + codes.Slots;
            for (int token = start; token < end; token++)
            {
                long at = (long)token * codes.Slots;
                float* row = x.Data + token * x.RowStride;
                for (int slot = 0; slot < codes.Slots; slot++)
                {
                    EncoderView unit = encoder.FromUnit((int)codes.Indices[at + slot], 1);
                    (p[slot], bias[slot]) = (RowMath.Dot(row, unit.Weights.Data, x.Columns), *unit.Bias);
                    if (unit.Factor is { } v) (f[slot], factorBias[slot]) = (RowMath.Dot(row, v.Data, x.Columns), *unit.FactorBias);
                }
                activation.Row(p, bias, factorGradient is null ? null : f, factorBias, u, codes.Slots);
                for (int slot = 0; slot < codes.Slots; slot++)
                {
                    if (factorGradient is not null) factorGradient[at + slot] = gradient[at + slot] * f[slot];
                    gradient[at + slot] *= p[slot];
                }
            }
        });
    }
}
