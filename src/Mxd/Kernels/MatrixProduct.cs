namespace Mxd.Kernels;

/// <summary>
/// The matrix product C [M,N] = A [M,K] B [K,N] of float32 matrices for any orientation of A and B. Buffers are reused: one product at a time an instance.
/// </summary>
internal abstract unsafe class MatrixProduct : IDisposable
{
    /// <param name="a">[M,K].</param>
    /// <param name="b">[K,N].</param>
    /// <param name="c">[M,N], contiguous rows, overwritten.</param>
    public abstract void Multiply(MatrixView a, MatrixView b, float* c);

    public abstract void Dispose();

    protected static void RequireFitting(MatrixView a, MatrixView b)
    {
        if (a.Columns != b.Rows) throw new ArgumentException($"A has {a.Columns} columns, B {b.Rows} rows.");
    }
}
