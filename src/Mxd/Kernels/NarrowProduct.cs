using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Kernels;

/// <summary>
/// <see cref="MatrixProduct"/> in mixed precision: A and B are rounded to bfloat16, sums are float32's, and the result is rounded to bfloat16 once.
/// libtorch multiplies, with the processor's instructions for it.
/// </summary>
internal sealed unsafe class NarrowProduct(Workers workers) : MatrixProduct
{
    private const int Grain = 64;

    private readonly NarrowMatrix left = new(), right = new(), result = new();

    public override void Multiply(MatrixView a, MatrixView b, float* c)
    {
        RequireFitting(a, b);
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor product = result.Ensure(a.Rows, b.Columns);
        NarrowMatrix.Multiply(left.Round(a, workers), right.Round(b, workers), product);
        ushort* from = NarrowMatrix.Start(product);
        int width = b.Columns;
        workers.ForRanges(a.Rows, Grain, (_, start, end) =>
        {
            Narrowing.Widen(from + (nint)start * width, c + (nint)start * width, (end - start) * width);
        });
        GC.KeepAlive(product);
    }

    public override void Dispose()
    {
        left.Dispose();
        right.Dispose();
        result.Dispose();
    }
}
