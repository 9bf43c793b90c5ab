using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Mxd.Formats.Pickle.Zip;

/// <summary>Finds each entry's data and makes sure that no two share a byte and that the local headers say what the directory says.</summary>
internal static class ZipLayout
{
    public static Dictionary<string, ZipEntry> Locate(SafeFileHandle handle, string path, IReadOnlyCollection<ZipEntry> entries, long directoryOffset)
    {
        var located = new Dictionary<string, ZipEntry>(entries.Count, StringComparer.Ordinal);
        long free = 0;
        string before = "";
        foreach (ZipEntry entry in entries.OrderBy(entry => entry.HeaderOffset))
        {
            if (entry.HeaderOffset < free) throw ZipFault.Damaged(path, $"has two zip entries that overlap, {Shown.Name(before)} and {Shown.Name(entry.Name)}");
            ZipEntry placed = entry with { Offset = DataOffset(handle, path, entry, directoryOffset) };
            if (placed.Length > directoryOffset - placed.Offset)
                throw ZipFault.Damaged(path, $"has the zip entry {Shown.Name(entry.Name)}, whose {entry.Length} bytes from {placed.Offset} on reach into the directory at {directoryOffset}");
            located.Add(entry.Name, placed);
            free = placed.End;
            before = entry.Name;
        }
        return located;
    }

    private static long DataOffset(SafeFileHandle handle, string path, ZipEntry entry, long directoryOffset)
    {
        int nameBytes = Encoding.UTF8.GetByteCount(entry.Name);
        int length = ZipRecords.LocalBytes + nameBytes;
        if (entry.HeaderOffset > directoryOffset - length)
            throw ZipFault.Damaged(path, $"has the zip entry {Shown.Name(entry.Name)} at {entry.HeaderOffset}, where there is no room for it before the directory at {directoryOffset}");
        byte[] header = new byte[length];
        InputFile.ReadExactly(handle, path, entry.HeaderOffset, header);
        int flags = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(6)), method = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(8));
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != ZipRecords.LocalSignature
            || (flags & ZipRecords.Encrypted) != 0 || method != 0
            || BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(26)) != nameBytes
            || !header.AsSpan(ZipRecords.LocalBytes).SequenceEqual(Encoding.UTF8.GetBytes(entry.Name)))
            throw ZipFault.Damaged(path, $"has the zip entry {Shown.Name(entry.Name)} in its directory, but another one at {entry.HeaderOffset}");
        long offset = entry.HeaderOffset + length + BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(28));
        return offset <= directoryOffset ? offset
            : throw ZipFault.Damaged(path, $"has the zip entry {Shown.Name(entry.Name)}, whose bytes begin in the directory at {directoryOffset}");
    }
}
