namespace Mxd.Kernels;

/// <summary>
/// B [K,N] packed for <typeparamref name="TKernel"/>: for each slice of k, panel after panel of a few columns, the last filled up with zeros.
/// </summary>
internal readonly unsafe struct PackedColumns<TKernel>
    where TKernel : struct, IMicroKernel
{
    private readonly MatrixView source;
    private readonly float* data;

    public PackedColumns(MatrixView b, NativeBuffer<float> buffer)
    {
        source = b;
        Count = (b.Columns + TKernel.Columns - 1) / TKernel.Columns;
        data = buffer.Ensure((long)Count * TKernel.Columns * b.Rows);
    }

    /// <summary>Panels.</summary>
    public int Count { get; }

    /// <summary>N.</summary>
    public int Columns => source.Columns;

    /// <summary>The rows <paramref name="k"/> to k + depth of a panel; k is a multiple of the kernel's depth.</summary>
    public float* Panel(int panel, int k, int depth) => data + (nint)k * Count * TKernel.Columns + (nint)panel * depth * TKernel.Columns;

    public void Pack(int panel)
    {
        int start = panel * TKernel.Columns;
        MatrixView columns = source.FromColumn(start, Math.Min(TKernel.Columns, source.Columns - start)).Transposed;
        for (int k = 0; k < source.Rows; k += TKernel.Depth)
        {
            int depth = Math.Min(TKernel.Depth, source.Rows - k);
            Panels.Pack(columns.FromColumn(k, depth), TKernel.Columns, Panel(panel, k, depth));
        }
    }
}
