namespace Mxd.Kernels;

/// <summary>Norms of the rows of a matrix.</summary>
internal static unsafe class RowNorms
{
    /// <summary>Scales each row [width] to unit norm in place, in one pass; a row of zeros stays.</summary>
    public static void Normalise(float* rows, int count, int width, Workers workers) => workers.ForRanges(count, 128, (_, start, end) =>
    {
        for (int i = start; i < end; i++)
        {
            float* row = rows + (long)i * width;
            float square = RowMath.Dot(row, row, width);
            if (square != 0) RowMath.Scale(row, 1 / MathF.Sqrt(square), width);
        }
    });

    /// <summary>to_j = Σ_i rows[i,j], i in ascending order for every j.</summary>
    public static void SumColumns(float* rows, int count, int width, float* to, Workers workers) => workers.ForRanges(width, 128, (_, start, end) =>
    {
        new Span<float>(to + start, end - start).Clear();
        for (int i = 0; i < count; i++) RowMath.AddScaled(to + start, rows + (long)i * width + start, 1, end - start);
    });
}
