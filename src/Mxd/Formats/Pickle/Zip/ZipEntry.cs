namespace Mxd.Formats.Pickle.Zip;

/// <summary>One stored entry.</summary>
/// <param name="HeaderOffset">Position of its local header in the file.</param>
/// <param name="Length">Bytes of data.</param>
/// <param name="Checksum">CRC-32 of the data.</param>
internal sealed record ZipEntry(string Name, long HeaderOffset, long Length, uint Checksum)
{
    /// <summary>Position of the first byte of data in the file.</summary>
    public long Offset { get; init; }

    public long End => Offset + Length;
}
