namespace Mxd.Kernels;

/// <summary>
/// The innermost product: a tile of <see cref="Rows"/> x <see cref="Columns"/> outputs is kept in registers while k runs,
/// C[i,j] (+)= Σ_k A[k,i] B[k,j]. A and B are packed so that one step of k reads neighbours.
/// </summary>
internal unsafe interface IMicroKernel
{
    static abstract int Rows { get; }

    static abstract int Columns { get; }

    /// <summary>Steps of k that a packed panel holds: a panel of B stays in the first-level cache, one of A in the second.</summary>
    static abstract int Depth { get; }

    /// <param name="depth">Steps of k.</param>
    /// <param name="a">[depth, Rows].</param>
    /// <param name="b">[depth, Columns], aligned to 64 bytes.</param>
    /// <param name="c">[Rows, Columns] with rows <paramref name="stride"/> apart.</param>
    /// <param name="add">Add to C, or overwrite it?</param>
    static abstract void Multiply(int depth, float* a, float* b, float* c, nint stride, bool add);
}
