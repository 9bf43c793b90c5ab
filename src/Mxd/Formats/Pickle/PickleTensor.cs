using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Formats.Pickle;

/// <summary>A tensor: a view of a <see cref="PickleStorage"/>. Its values are read when asked for.</summary>
public sealed class PickleTensor : PickleValue
{
    internal PickleTensor(PickleStorage storage, TensorView view, bool requiresGrad)
    {
        Storage = storage;
        View = view;
        RequiresGrad = requiresGrad;
    }

    public PickleStorage Storage { get; }

    public ScalarType Dtype => Storage.Dtype;

    /// <summary>Sizes, rows first; empty for a single number.</summary>
    public IReadOnlyList<long> Shape => View.Shape;

    /// <summary>Elements to go on by for one step along each dimension. Saved tensors may be transposed.</summary>
    public IReadOnlyList<long> Strides => View.Strides;

    /// <summary>Index of the first element in the storage.</summary>
    public long Offset => View.Offset;

    public bool RequiresGrad { get; }

    internal TensorView View { get; }

    internal override string Kind => $"a {Dtype} tensor [{string.Join(", ", Shape)}]";

    /// <summary>
    /// A tensor to be written: contiguous, whatever its strides. It is not copied, so the caller keeps it alive until then.
    /// </summary>
    /// <exception cref="ArgumentException">Torch has no storage class for its type here (complex numbers, 8-bit floats).</exception>
    public static PickleTensor Of(Tensor tensor) => new(new MemoryStorage(tensor), TensorView.Contiguous(tensor.shape), requiresGrad: false);

    /// <summary>The same for a matrix that is written as the view of its transpose, as torch saves a linear layer's weight turned round.</summary>
    internal static PickleTensor OfTransposed(Tensor matrix) =>
        new(new MemoryStorage(matrix.t()), new TensorView(0, matrix.shape, [1, matrix.shape[0]]), requiresGrad: false);

    /// <summary>The values, contiguous on the CPU in the type they are stored in; the caller disposes them.</summary>
    /// <exception cref="Runtime.MxdInputException">The bytes do not match the file's checksum, or cannot be read.</exception>
    public Tensor Read()
    {
        using DisposeScope scope = NewDisposeScope();
        using var noGrad = no_grad();
        return Storage.Read(View).MoveToOuterDisposeScope();
    }
}
