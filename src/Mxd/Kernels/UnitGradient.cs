using System.Runtime.CompilerServices;

namespace Mxd.Kernels;

/// <summary>
/// The gradient of a matrix with a row a unit, computed row by row when it is used: row n is Σ over the tokens b on which unit n is
/// active of coefficient[b,slot] * vector_b. It is never held whole, and a unit that is active nowhere costs nothing.
/// </summary>
/// <param name="entries">Where units are active.</param>
/// <param name="coefficients">[B,K].</param>
/// <param name="vectors">[B,width]; must still be there when the gradient is used.</param>
internal sealed unsafe class UnitGradient(UnitEntries entries, float* coefficients, MatrixView vectors)
{
    /// <summary>Rows summed in one go.</summary>
    private const int Chunk = 64;

    public int Units => entries.Units;

    public int Width => vectors.Columns;

    /// <summary>Drop what is parallel to the matrix's own row, for rows of unit norm?</summary>
    public bool DropsParallel { get; set; }

    /// <summary>Overwrites a row's gradient; false, with nothing written, where it is zero.</summary>
    /// <param name="unit">n.</param>
    /// <param name="row">The matrix's own row, [width].</param>
    /// <param name="gradient">[width].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Compute(int unit, float* row, float* gradient)
    {
        ReadOnlySpan<int> active = entries.Of(unit);
        if (active.IsEmpty) return false;
        new Span<float>(gradient, Width).Clear();
        Span<nint> from = stackalloc nint[Chunk];
        Span<float> scale = stackalloc float[Chunk];
        for (int start = 0; start < active.Length; start += Chunk)
        {
            ReadOnlySpan<int> part = active.Slice(start, Math.Min(Chunk, active.Length - start));
            for (int i = 0; i < part.Length; i++)
            {
                from[i] = (nint)(vectors.Data + part[i] / entries.Slots * vectors.RowStride);
                scale[i] = coefficients[part[i]];
            }
            RowMath.AddScaled(gradient, from[..part.Length], scale[..part.Length], Width);
        }
        if (DropsParallel) RowMath.AddScaled(gradient, row, -RowMath.Dot(gradient, row, Width), Width);
        return true;
    }

    /// <summary>Writes the whole gradient [units,width].</summary>
    public void WriteTo(float* rows, float* gradient, Workers workers) => workers.ForRanges(Units, 64, (_, start, end) =>
    {
        for (int unit = start; unit < end; unit++)
        {
            float* to = gradient + (long)unit * Width;
            if (!Compute(unit, rows + (long)unit * Width, to)) new Span<float>(to, Width).Clear();
        }
    });
}
