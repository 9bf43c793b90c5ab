using System.Runtime.Intrinsics.X86;

namespace Mxd.Kernels;

/// <summary>
/// The float32 matrix product C [M,N] (+)= A [M,K] B [K,N] for any orientation of A and B. Packed panels of B are shared by all workers, a worker
/// packs blocks of A for itself. Results do not depend on the number of workers. Buffers are reused: one product at a time an instance.
/// </summary>
internal abstract unsafe class Sgemm : IDisposable
{
    /// <summary>Is the kernel faster here than what libtorch brings? On other processors its own libraries are.</summary>
    public static bool IsFast => Fma.IsSupported;

    public static Sgemm Create(Workers workers) =>
        Avx512F.IsSupported ? new Sgemm<Vector512Kernel>(workers) : new Sgemm<Vector256Kernel>(workers);

    /// <param name="a">[M,K].</param>
    /// <param name="b">[K,N].</param>
    /// <param name="c">[M,N], contiguous rows.</param>
    /// <param name="add">Add to C, or overwrite it?</param>
    public abstract void Multiply(MatrixView a, MatrixView b, float* c, bool add = false);

    public abstract void Dispose();
}

/// <summary>See <see cref="Sgemm"/>.</summary>
internal sealed unsafe class Sgemm<TKernel>(Workers workers) : Sgemm
    where TKernel : struct, IMicroKernel
{
    /// <summary>Values of B packed at a time: 16 MB.</summary>
    private const long SharedValues = 1 << 22;

    private readonly NativeBuffer<float> shared = new();
    private readonly NativeBuffer<float>[] blocks = [.. Enumerable.Range(0, workers.Count).Select(_ => new NativeBuffer<float>())];

    public override void Multiply(MatrixView a, MatrixView b, float* c, bool add = false)
    {
        if (a.Columns != b.Rows) throw new ArgumentException($"A has {a.Columns} columns, B {b.Rows} rows.");
        if (a.Columns == 0)
        {
            if (!add) new Span<float>(c, checked(a.Rows * b.Columns)).Clear();
            return;
        }
        if (a.Rows == 0) return;
        int width = TKernel.Columns;
        int step = (int)Math.Max(width, SharedValues / a.Columns / width * width);
        for (int start = 0; start < b.Columns; start += step)
        {
            MatrixView part = b.FromColumn(start, Math.Min(step, b.Columns - start));
            MultiplyPart(a, part, c + start, b.Columns, add);
        }
    }

    public override void Dispose()
    {
        shared.Dispose();
        foreach (NativeBuffer<float> block in blocks) block.Dispose();
    }

    private void MultiplyPart(MatrixView a, MatrixView b, float* c, nint stride, bool add)
    {
        var packed = new PackedColumns<TKernel>(b, shared);
        workers.ForEach(packed.Count, (_, panel) => packed.Pack(panel));
        int block = BlockProduct<TKernel>.Rows, rows = (a.Rows + block - 1) / block;
        // Few rows: cut columns too, so that no worker waits long for another.
        int cuts = Math.Clamp(8 * workers.Count / rows, 1, packed.Count), panels = (packed.Count + cuts - 1) / cuts;
        nint output = (nint)c;
        workers.ForEach(rows * cuts, (worker, item) =>
        {
            int row = item / cuts * block, first = item % cuts * panels, count = Math.Min(panels, packed.Count - first);
            if (count <= 0) return;
            MatrixView part = a.FromRow(row, Math.Min(block, a.Rows - row));
            BlockProduct<TKernel>.Multiply(part, packed, first, count, blocks[worker], (float*)output + row * stride, stride, add);
        });
    }
}
