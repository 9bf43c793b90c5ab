using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>A matrix whose memory is the same at every step of one size.</summary>
internal sealed class ReusedTensor(ScalarType dtype) : IDisposable
{
    private Tensor? tensor;

    /// <summary>[rows,columns] with whatever was left there; the next call may write over it.</summary>
    public Tensor Ensure(long rows, long columns)
    {
        if (tensor is not null && tensor.shape[0] == rows && tensor.shape[1] == columns) return tensor;
        Dispose();
        return tensor = empty(rows, columns, dtype: dtype).DetachFromDisposeScope();
    }

    public void Dispose()
    {
        tensor?.Dispose();
        tensor = null;
    }
}
