using Mxd.Runtime;

namespace Mxd.Formats;

/// <summary>One tensor of a GGUF file: its description, its storage type, and where it begins behind the header.</summary>
internal sealed record GgufTensor(TensorEntry Entry, GgufStorage Storage, ulong DataOffset)
{
    public static GgufTensor Create(string path, string name, GgufStorage storage, long[] shape, ulong offset)
    {
        long row = shape.Length == 0 ? 1 : shape[^1];
        if (!TensorSizes.TryCount(shape, out long elements) || elements / storage.BlockElements > long.MaxValue / storage.BlockBytes)
            throw Wrong(path, name, $"has the shape [{string.Join(", ", shape)}], more bytes than a 64-bit number counts");
        if (row % storage.BlockElements != 0)
            throw Wrong(path, name, $"has rows of {row} numbers, but {storage.Name} stores blocks of {storage.BlockElements}");
        long bytes = elements / storage.BlockElements * storage.BlockBytes;
        return new GgufTensor(new TensorEntry(name, storage.Name, shape.AsReadOnly(), bytes), storage, offset);
    }

    public static MxdInputException Wrong(string path, string name, string what) =>
        new($"{path}: tensor {Shown.Name(name)} {what}; the file is damaged or newer than this program.");
}
