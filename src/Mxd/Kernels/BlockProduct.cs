using System.Runtime.CompilerServices;

namespace Mxd.Kernels;

/// <summary>A few rows of A times packed columns of B, by one worker.</summary>
internal static unsafe class BlockProduct<TKernel>
    where TKernel : struct, IMicroKernel
{
    /// <summary>Rows of A at a time, at most: a slice of them, of the kernel's depth, stays in the second-level cache.</summary>
    public static int Rows { get; } = 96 / TKernel.Rows * TKernel.Rows;

    /// <summary>C [m, columns of the panels] = A [m,K] B.</summary>
    /// <param name="a">m is at most <see cref="Rows"/>.</param>
    /// <param name="b">B.</param>
    /// <param name="first">Its first panel to multiply with.</param>
    /// <param name="count">How many.</param>
    /// <param name="buffer">The worker's own.</param>
    /// <param name="c">Where the column of B's panel 0 is, whatever <paramref name="first"/>.</param>
    /// <param name="stride">Distance of C's rows.</param>
    public static void Multiply(
        MatrixView a, PackedColumns<TKernel> b, int first, int count, NativeBuffer<float> buffer, float* c, nint stride)
    {
        float* packed = buffer.Ensure((long)Rows * TKernel.Depth);
        for (int k = 0; k < a.Columns; k += TKernel.Depth)
        {
            int depth = Math.Min(TKernel.Depth, a.Columns - k);
            PackSlice(a.FromColumn(k, depth), packed);
            MultiplySlice(packed, a.Rows, depth, b, first, count, k, c, stride, k > 0);
        }
    }

    /// <summary>Packs all of A [m,K], for <see cref="MultiplyPacked"/>.</summary>
    public static float* Pack(MatrixView a, NativeBuffer<float> buffer)
    {
        float* packed = buffer.Ensure((long)Rows * a.Columns);
        for (int k = 0; k < a.Columns; k += TKernel.Depth) PackSlice(a.FromColumn(k, Math.Min(TKernel.Depth, a.Columns - k)), packed + (nint)k * Rows);
        return packed;
    }

    /// <summary>C = A B with <paramref name="packed"/> of A; the rest as in <see cref="Multiply"/>.</summary>
    public static void MultiplyPacked(float* packed, MatrixView a, PackedColumns<TKernel> b, int first, int count, float* c, nint stride)
    {
        for (int k = 0; k < a.Columns; k += TKernel.Depth)
            MultiplySlice(packed + (nint)k * Rows, a.Rows, Math.Min(TKernel.Depth, a.Columns - k), b, first, count, k, c, stride, k > 0);
    }

    private static void PackSlice(MatrixView slice, float* packed)
    {
        for (int row = 0; row < slice.Rows; row += TKernel.Rows)
            Panels.Pack(slice.FromRow(row, Math.Min(TKernel.Rows, slice.Rows - row)), TKernel.Rows, packed + row * slice.Columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplySlice(
        float* a, int rows, int depth, PackedColumns<TKernel> b, int first, int count, int k, float* c, nint stride, bool add)
    {
        float* corner = stackalloc float[TKernel.Rows * TKernel.Columns];
        for (int panel = first; panel < first + count; panel++)
        {
            float* columns = b.Panel(panel, k, depth), output = c + panel * TKernel.Columns;
            int width = Math.Min(TKernel.Columns, b.Columns - panel * TKernel.Columns);
            for (int row = 0; row < rows; row += TKernel.Rows)
            {
                float* left = a + row * depth, to = output + row * stride;
                int height = Math.Min(TKernel.Rows, rows - row);
                if (height == TKernel.Rows && width == TKernel.Columns)
                {
                    TKernel.Multiply(depth, left, columns, to, stride, add);
                    continue;
                }
                TKernel.Multiply(depth, left, columns, corner, TKernel.Columns, add: false);
                Copy(corner, to, stride, height, width, add);
            }
        }
    }

    /// <summary>What of a tile lies within C.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy(float* tile, float* c, nint stride, int height, int width, bool add)
    {
        for (int i = 0; i < height; i++, tile += TKernel.Columns, c += stride)
            for (int j = 0; j < width; j++) c[j] = add ? c[j] + tile[j] : tile[j];
    }
}
