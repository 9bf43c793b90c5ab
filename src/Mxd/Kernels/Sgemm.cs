using System.Runtime.Intrinsics.X86;

namespace Mxd.Kernels;

/// <summary>
/// <see cref="MatrixProduct"/> in float32 throughout. Packed panels of B are shared by all workers, a worker packs blocks of A for itself. Results do
/// not depend on the number of workers.
/// </summary>
internal abstract unsafe class Sgemm : MatrixProduct
{
    /// <summary>Is the kernel faster here than what libtorch brings? On other processors its own libraries are.</summary>
    public static bool IsFast => Fma.IsSupported;

    public static Sgemm Create(Workers workers) =>
        Avx512F.IsSupported ? new Sgemm<Vector512Kernel>(workers) : new Sgemm<Vector256Kernel>(workers);
}

/// <summary>See <see cref="Sgemm"/>.</summary>
internal sealed unsafe class Sgemm<TKernel>(Workers workers) : Sgemm
    where TKernel : struct, IMicroKernel
{
    /// <summary>Values of B packed at a time: 16 MB.</summary>
    private const long SharedValues = 1 << 22;

    private readonly NativeBuffer<float> shared = new();
    private readonly NativeBuffer<float>[] blocks = [.. Enumerable.Range(0, workers.Count).Select(_ => new NativeBuffer<float>())];

    public override void Multiply(MatrixView a, MatrixView b, float* c)
    {
        RequireFitting(a, b);
        if (a.Columns == 0)
        {
            new Span<float>(c, checked(a.Rows * b.Columns)).Clear();
            return;
        }
        if (a.Rows == 0) return;
        int width = TKernel.Columns;
        int step = (int)Math.Max(width, SharedValues / a.Columns / width * width);
        for (int start = 0; start < b.Columns; start += step)
        {
            MatrixView part = b.FromColumn(start, Math.Min(step, b.Columns - start));
            MultiplyPart(a, part, c + start, b.Columns);
        }
    }

    public override void Dispose()
    {
        shared.Dispose();
        foreach (NativeBuffer<float> block in blocks) block.Dispose();
    }

    private void MultiplyPart(MatrixView a, MatrixView b, float* c, nint stride)
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
            BlockProduct<TKernel>.Multiply(part, packed, first, count, blocks[worker], (float*)output + row * stride, stride);
        });
    }
}
