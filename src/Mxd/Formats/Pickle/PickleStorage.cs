using static TorchSharp.torch;

namespace Mxd.Formats.Pickle;

/// <summary>The flat memory that one or more tensors are views of.</summary>
public abstract class PickleStorage : PickleValue
{
    private protected PickleStorage(StorageType type, long count, string location)
    {
        Type = type;
        Count = count;
        Location = location;
    }

    public ScalarType Dtype => Type.Torch;

    /// <summary>Number of elements.</summary>
    public long Count { get; }

    /// <summary>Where it was when it was saved, such as <c>cpu</c> or <c>cuda:0</c>; it is read to the CPU all the same.</summary>
    public string Location { get; }

    internal StorageType Type { get; }

    internal long ByteLength => Count * Type.Bytes;

    internal override string Kind => $"a torch.{Type.Name} of {Count}";

    /// <summary>The view as a contiguous tensor on the CPU; it lies inside the storage.</summary>
    internal abstract Tensor Read(TensorView view);

    /// <summary>Appends all bytes, little-endian.</summary>
    internal abstract void CopyTo(Stream stream);
}
