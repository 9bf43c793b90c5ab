namespace Mxd.Formats;

/// <summary>One stored tensor, as its file's header describes it.</summary>
/// <param name="Name">The key it is stored under.</param>
/// <param name="Dtype">The file format's own name of the element or block type: <c>F32</c>, <c>BF16</c>, <c>Q4_1</c>.</param>
/// <param name="Shape">Sizes in torch's order: rows first, the contiguous dimension last. Empty for a single number.</param>
/// <param name="ByteLength">Bytes it takes in the file.</param>
public sealed record TensorEntry(string Name, string Dtype, IReadOnlyList<long> Shape, long ByteLength)
{
    /// <summary>Position of the first byte in the file.</summary>
    internal long FileOffset { get; init; }

    /// <summary>Number of elements; the format's reader has made sure that it fits.</summary>
    public long ElementCount
    {
        get
        {
            long count = 1;
            foreach (long size in Shape) count *= size;
            return count;
        }
    }

    public override string ToString() => $"{Shown.Name(Name)} {Dtype} [{string.Join(", ", Shape)}]";
}
