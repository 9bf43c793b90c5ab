using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Formats.Pickle;

/// <summary>A storage that is a tensor's elements in the order of its shape.</summary>
internal sealed class MemoryStorage : PickleStorage
{
    private readonly Tensor tensor;

    public MemoryStorage(Tensor tensor) : base(TypeOf(tensor), tensor.NumberOfElements, "cpu") => this.tensor = tensor;

    internal override Tensor Read(TensorView view)
    {
        using DisposeScope scope = NewDisposeScope();
        return Contiguous().view(-1).as_strided(view.Shape, view.Strides, view.Offset).clone().MoveToOuterDisposeScope();
    }

    internal override void CopyTo(Stream stream)
    {
        using DisposeScope scope = NewDisposeScope();
        TensorMemory.Write(Contiguous(), stream);
    }

    private Tensor Contiguous() => tensor.detach().resolve_conj().resolve_neg().cpu().contiguous();

    private static StorageType TypeOf(Tensor tensor) => StorageType.For(tensor.dtype)
        ?? throw new ArgumentException($"A tensor of {tensor.dtype} cannot be written; {string.Join(", ", StorageType.All.Select(type => type.Torch))} can.", nameof(tensor));
}
