using System.Runtime.CompilerServices;

namespace Mxd.Kernels;

/// <summary>
/// Packing for <see cref="IMicroKernel"/>: a matrix [n,K] becomes panels of <c>width</c> rows, each stored as [K,width], so that one step
/// of k reads neighbours. The last panel is filled up with zeros.
/// </summary>
internal static unsafe class Panels
{
    /// <summary>Packs one panel.</summary>
    /// <param name="source">[n,depth], n at most <paramref name="width"/>.</param>
    /// <param name="width">Rows of the panel.</param>
    /// <param name="panel">[depth,width].</param>
    public static void Pack(MatrixView source, int width, float* panel)
    {
        if (source.RowStride == 1) CopyRows(source, width, panel);
        else if (source.ColumnStride == 1) Transpose(source, width, panel);
        else throw new ArgumentException("Neither rows nor columns are contiguous.", nameof(source));
    }

    /// <summary>A row of the panel is contiguous in the source.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyRows(MatrixView source, int width, float* panel)
    {
        int n = source.Rows;
        for (int k = 0; k < source.Columns; k++, panel += width)
        {
            float* from = source.Data + k * source.ColumnStride;
            new ReadOnlySpan<float>(from, n).CopyTo(new Span<float>(panel, n));
            new Span<float>(panel + n, width - n).Clear();
        }
    }

    /// <summary>A column of the panel is contiguous in the source: two rows at a time, each read in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(MatrixView source, int width, float* panel)
    {
        int depth = source.Columns, row = 0;
        for (; row + 2 <= source.Rows; row += 2)
        {
            float* first = source.Data + row * source.RowStride, second = first + source.RowStride, to = panel + row;
            for (int k = 0; k < depth; k++, to += width)
            {
                // Two neighbours in one store of eight bytes.
                *(ulong*)to = BitConverter.SingleToUInt32Bits(first[k]) | (ulong)BitConverter.SingleToUInt32Bits(second[k]) << 32;
            }
        }
        for (; row < width; row++)
        {
            float* from = source.Data + row * source.RowStride;
            bool exists = row < source.Rows;
            for (int k = 0; k < depth; k++) panel[k * width + row] = exists ? from[k] : 0;
        }
    }
}
