namespace Mxd.Kernels;

/// <summary>Products of sparse codes with a matrix of rows C [N,O], in K rows a token.</summary>
internal static unsafe class ExpertSum
{
    private const int Grain = 32;

    /// <summary>m_b = Σ_k a[b,k] C[index[b,k]].</summary>
    /// <param name="codes">index and a, [B,K].</param>
    /// <param name="rows">C.</param>
    /// <param name="sum">m, [B,O], overwritten.</param>
    public static void Forward(CodesView codes, MatrixView rows, float* sum, Workers workers)
    {
        int width = rows.Columns;
        workers.ForRanges(codes.Tokens, Grain, (_, start, end) =>
        {
            Span<nint> row = stackalloc nint[codes.Slots];
            Span<float> scale = stackalloc float[codes.Slots];
            for (int token = start; token < end; token++)
            {
                int active = 0;
                for (int slot = 0; slot < codes.Slots; slot++)
                {
                    long at = (long)token * codes.Slots + slot;
                    if (codes.Coefficients[at] == 0) continue;
                    row[active] = (nint)(rows.Data + codes.Indices[at] * width);
                    scale[active++] = codes.Coefficients[at];
                }
                float* to = sum + (long)token * width;
                new Span<float>(to, width).Clear();
                RowMath.AddScaled(to, row[..active], scale[..active], width);
            }
        });
    }

    /// <summary>da[b,k] = q_b · C[index[b,k]] where a[b,k] is not zero, otherwise 0: the gradient passes through active units alone.</summary>
    /// <param name="q">d loss / d m, [B,O].</param>
    /// <param name="gradient">da, [B,K].</param>
    public static void CodeGradient(CodesView codes, MatrixView rows, float* q, float* gradient, Workers workers)
    {
        int width = rows.Columns;
        workers.ForRanges(codes.Tokens, Grain, (_, start, end) =>
        {
            for (long at = (long)start * codes.Slots; at < (long)end * codes.Slots; at++)
            {
                bool active = codes.Coefficients[at] != 0;
                gradient[at] = active ? RowMath.Dot(q + at / codes.Slots * width, rows.Data + codes.Indices[at] * width, width) : 0;
            }
        });
    }
}
