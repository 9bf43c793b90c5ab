namespace Mxd.Kernels;

/// <summary>A float32 matrix in memory: element (r, c) is at <c>Data[r * RowStride + c * ColumnStride]</c>.</summary>
internal readonly unsafe record struct MatrixView(nint Address, int Rows, int Columns, nint RowStride, nint ColumnStride)
{
    /// <summary>Contiguous rows.</summary>
    public MatrixView(float* data, int rows, int columns)
        : this((nint)data, rows, columns, columns, 1)
    {
    }

    public float* Data => (float*)Address;

    public MatrixView Transposed => new(Address, Columns, Rows, ColumnStride, RowStride);

    /// <summary>Rows from <paramref name="start"/> on.</summary>
    public MatrixView FromRow(int start, int count) => this with { Address = (nint)(Data + start * RowStride), Rows = count };

    /// <summary>Columns from <paramref name="start"/> on.</summary>
    public MatrixView FromColumn(int start, int count) => this with { Address = (nint)(Data + start * ColumnStride), Columns = count };
}
