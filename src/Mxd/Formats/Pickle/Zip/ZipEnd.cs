using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Mxd.Runtime;

namespace Mxd.Formats.Pickle.Zip;

/// <summary>What the records at a zip file's end say about its directory.</summary>
/// <param name="Count">Entries in the directory.</param>
/// <param name="Size">Bytes of the directory.</param>
/// <param name="Offset">Position of the directory.</param>
internal sealed record ZipEnd(long Count, long Size, long Offset)
{
    /// <summary>Directories are held in memory; this is room for half a million entries with torch's names.</summary>
    private const long LargestDirectory = 64 << 20;

    /// <exception cref="MxdInputException">The file does not end as a zip file without a comment does.</exception>
    public static ZipEnd Read(SafeFileHandle handle, string path)
    {
        long position = RandomAccess.GetLength(handle) - ZipRecords.EndBytes;
        Span<byte> record = stackalloc byte[ZipRecords.EndBytes];
        if (position >= 0) InputFile.ReadExactly(handle, path, position, record);
        if (position < 0 || BinaryPrimitives.ReadUInt32LittleEndian(record) != ZipRecords.EndSignature) throw NotZip.Because(handle, path);
        if (record[4..8].ContainsAnyExcept((byte)0)) throw ZipFault.Unsupported(path, "is one part of an archive of several");
        if (BinaryPrimitives.ReadUInt16LittleEndian(record[20..]) != 0) throw ZipFault.Damaged(path, "ends before its zip comment does");
        if (!record[8..10].SequenceEqual(record[10..12])) throw ZipFault.Damaged(path, "states two different numbers of zip entries");
        var end = new ZipEnd(
            BinaryPrimitives.ReadUInt16LittleEndian(record[10..]),
            BinaryPrimitives.ReadUInt32LittleEndian(record[12..]),
            BinaryPrimitives.ReadUInt32LittleEndian(record[16..]));
        (ZipEnd whole, position) = Read64(handle, path, position, end) is { } read ? read : (end, position);
        whole.Check(path, position);
        return whole;
    }

    /// <summary>The 64-bit records in front of the end record, and the position at which they begin; null where there are none.</summary>
    private static (ZipEnd End, long Position)? Read64(SafeFileHandle handle, string path, long endPosition, ZipEnd end)
    {
        long locatorPosition = endPosition - ZipRecords.Locator64Bytes;
        Span<byte> locator = stackalloc byte[ZipRecords.Locator64Bytes];
        if (locatorPosition < 0) return null;
        InputFile.ReadExactly(handle, path, locatorPosition, locator);
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator) != ZipRecords.Locator64Signature) return null;
        ulong position = BinaryPrimitives.ReadUInt64LittleEndian(locator[8..]);
        if ((long)position < 0 || (long)position > locatorPosition - ZipRecords.End64Bytes)
            throw ZipFault.Damaged(path, $"places its 64-bit zip record at {position}, where there is no room for it");
        Span<byte> record = stackalloc byte[ZipRecords.End64Bytes];
        InputFile.ReadExactly(handle, path, (long)position, record);
        if (BinaryPrimitives.ReadUInt32LittleEndian(record) != ZipRecords.End64Signature
            || BinaryPrimitives.ReadUInt64LittleEndian(record[4..]) != (ulong)(locatorPosition - (long)position - ZipRecords.End64Uncounted))
            throw ZipFault.Damaged(path, $"has no 64-bit zip record at {position}, where it places it");
        if (record[16..24].ContainsAnyExcept((byte)0)) throw ZipFault.Unsupported(path, "is one part of an archive of several");
        if (!record[24..32].SequenceEqual(record[32..40])) throw ZipFault.Damaged(path, "states two different numbers of zip entries");
        var end64 = new ZipEnd(
            BinaryPrimitives.ReadInt64LittleEndian(record[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(record[40..]),
            BinaryPrimitives.ReadInt64LittleEndian(record[48..]));
        if (!end.AgreesWith(end64)) throw ZipFault.Damaged(path, "has two zip end records that contradict each other");
        return (end64, (long)position);
    }

    private bool AgreesWith(ZipEnd end64) =>
        (Count == ZipRecords.Elsewhere16 || Count == end64.Count)
        && (Size == ZipRecords.Elsewhere32 || Size == end64.Size)
        && (Offset == ZipRecords.Elsewhere32 || Offset == end64.Offset);

    private void Check(string path, long position)
    {
        if (Size < 0 || Offset < 0 || Offset > position || Size != position - Offset)
            throw ZipFault.Damaged(path, $"places a zip directory of {Size} bytes at {Offset}, which does not end at {position}, where the end records begin");
        if (Size > LargestDirectory) throw ZipFault.Unsupported(path, $"has a zip directory of {Size} bytes, more than {LargestDirectory}");
        if (Count < 0 || Count > Size / ZipRecords.CentralBytes)
            throw ZipFault.Damaged(path, $"states {Count} zip entries, which its directory of {Size} bytes cannot hold");
    }
}
