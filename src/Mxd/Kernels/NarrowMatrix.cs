using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Kernels;

/// <summary>Memory for matrices of bfloat16 that libtorch multiplies; it grows and never shrinks.</summary>
internal sealed unsafe class NarrowMatrix : IDisposable
{
    private const int Grain = 64;

    private Tensor? memory;

    /// <summary>[rows,columns], of any content, in the caller's dispose scope.</summary>
    public Tensor Ensure(long rows, long columns)
    {
        if (memory is null || memory.NumberOfElements < rows * columns)
        {
            memory?.Dispose();
            memory = empty(rows * columns, dtype: ScalarType.BFloat16).DetachFromDisposeScope();
        }
        using Tensor part = memory.narrow(0, 0, rows * columns);
        return part.view(rows, columns);
    }

    /// <summary>The matrix rounded, in its own orientation, in the caller's dispose scope.</summary>
    public Tensor Round(MatrixView matrix, Workers workers)
    {
        bool isTurned = matrix.ColumnStride != 1;
        MatrixView rows = isTurned ? matrix.Transposed : matrix;
        if (rows.ColumnStride != 1) throw new ArgumentException("Neither rows nor columns are contiguous.", nameof(matrix));
        Tensor rounded = Ensure(rows.Rows, rows.Columns);
        ushort* to = Start(rounded);
        workers.ForRanges(rows.Rows, Grain, (_, start, end) =>
        {
            for (int row = start; row < end; row++) Narrowing.Round(rows.Data + row * rows.RowStride, to + (nint)row * rows.Columns, rows.Columns);
        });
        if (!isTurned) return rounded;
        using (rounded) return rounded.t();
    }

    /// <summary>
    /// to = a b. Without instructions for it the same sums are taken of widened values, which is several times as fast as what libtorch does there.
    /// </summary>
    public static void Multiply(Tensor a, Tensor b, Tensor to)
    {
        if (Bfloat16.IsNative)
        {
            to.addmm_(a, b, 0, 1);
            return;
        }
        using DisposeScope scope = NewDisposeScope();
        to.copy_(mm(a.to(ScalarType.Float32), b.to(ScalarType.Float32)));
    }

    public static ushort* Start(Tensor tensor) => (ushort*)Formats.TensorMemory.Start(tensor);

    public void Dispose() => memory?.Dispose();
}
