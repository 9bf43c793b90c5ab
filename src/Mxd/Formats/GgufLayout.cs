using Mxd.Runtime;

namespace Mxd.Formats;

/// <summary>Places the tensors of a GGUF file: aligned, inside the file, not overlapping. Padding between them is allowed.</summary>
internal static class GgufLayout
{
    /// <summary>The same tensors with their positions in the file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="headerEnd">Position after the last tensor's description.</param>
    /// <param name="alignment">A power of two; data begin at its next multiple, and offsets are multiples of it.</param>
    /// <param name="tensors">In the order of the header.</param>
    public static OrderedDictionary<string, GgufTensor> Place(MappedFile file, long headerEnd, uint alignment, OrderedDictionary<string, GgufTensor> tensors)
    {
        Int128 dataStart = (headerEnd + (Int128)alignment - 1) / alignment * alignment;
        RequireInside(file, dataStart, tensors.Values);
        var placed = new OrderedDictionary<string, GgufTensor>(tensors.Count, StringComparer.Ordinal);
        foreach ((string name, GgufTensor tensor) in tensors)
        {
            if (tensor.DataOffset % alignment != 0)
                throw GgufTensor.Wrong(file.Path, name, $"begins {tensor.DataOffset} bytes into the data, which is not a multiple of the alignment {alignment}");
            placed.Add(name, tensor with { Entry = tensor.Entry with { FileOffset = (long)(dataStart + tensor.DataOffset) } });
        }
        RequireApart(file.Path, placed.Values);
        return placed;
    }

    private static void RequireInside(MappedFile file, Int128 dataStart, IEnumerable<GgufTensor> tensors)
    {
        Int128 end = 0;
        foreach (GgufTensor tensor in tensors) end = Int128.Max(end, dataStart + tensor.DataOffset + tensor.Entry.ByteLength);
        if (end > file.Length)
            throw new MxdInputException($"{file.Path} ends at byte {file.Length}, but its header describes {end}: the file is cut short; download it again.");
    }

    private static void RequireApart(string path, IEnumerable<GgufTensor> tensors)
    {
        TensorEntry? previous = null;
        foreach (TensorEntry entry in tensors.Select(t => t.Entry).Where(t => t.ByteLength > 0).OrderBy(t => t.FileOffset))
        {
            if (previous is not null && entry.FileOffset < previous.FileOffset + previous.ByteLength)
                throw new MxdInputException($"{path}: tensors {Shown.Name(previous.Name)} and {Shown.Name(entry.Name)} overlap; the file is damaged.");
            previous = entry;
        }
    }
}
