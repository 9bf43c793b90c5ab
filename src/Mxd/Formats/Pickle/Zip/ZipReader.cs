using Microsoft.Win32.SafeHandles;
using Mxd.Runtime;

namespace Mxd.Formats.Pickle.Zip;

/// <summary>
/// A zip file of stored entries, as torch writes it. Only what torch needs is read: no compression, so nothing expands, no encryption,
/// no second part, no comment. The layout is checked on opening; data are read when asked for.
/// </summary>
internal sealed class ZipReader : IDisposable
{
    private const int Piece = 1 << 20;

    private readonly SafeFileHandle handle;

    private ZipReader(string path, SafeFileHandle handle, Dictionary<string, ZipEntry> entries)
    {
        Location = path;
        this.handle = handle;
        Entries = entries;
    }

    public string Location { get; }

    public IReadOnlyDictionary<string, ZipEntry> Entries { get; }

    /// <exception cref="MxdInputException">The file is absent, cut short, damaged or no such zip file.</exception>
    public static ZipReader Open(string path)
    {
        SafeFileHandle handle = InputFile.OpenRead(path);
        try
        {
            ZipEnd end = ZipEnd.Read(handle, path);
            byte[] directory = new byte[end.Size];
            InputFile.ReadExactly(handle, path, end.Offset, directory);
            Dictionary<string, ZipEntry> entries = ZipDirectoryParser.Parse(directory, end.Count, path);
            return new ZipReader(path, handle, ZipLayout.Locate(handle, path, entries.Values, end.Offset));
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Fills <paramref name="bytes"/> from a position in the entry; the checksum is not looked at.</summary>
    public void Read(ZipEntry entry, long position, Span<byte> bytes) => InputFile.ReadExactly(handle, Location, entry.Offset + position, bytes);

    /// <summary>All bytes of an entry whose length the caller has looked at, compared with its checksum.</summary>
    public byte[] ReadAll(ZipEntry entry)
    {
        byte[] bytes = new byte[entry.Length];
        Read(entry, 0, bytes);
        var checksum = new Crc32();
        checksum.Append(bytes);
        Check(entry, checksum);
        return bytes;
    }

    /// <summary>Appends all bytes of an entry, a bounded number at a time, and compares them with its checksum.</summary>
    public void CopyTo(ZipEntry entry, Stream stream)
    {
        var checksum = new Crc32();
        byte[] piece = new byte[Math.Min(Piece, entry.Length)];
        for (long at = 0; at < entry.Length; at += Piece)
        {
            Span<byte> bytes = piece.AsSpan(0, (int)Math.Min(Piece, entry.Length - at));
            Read(entry, at, bytes);
            checksum.Append(bytes);
            stream.Write(bytes);
        }
        Check(entry, checksum);
    }

    /// <exception cref="MxdInputException">The checksum is not the entry's.</exception>
    public void Check(ZipEntry entry, Crc32 checksum)
    {
        if (checksum.Value != entry.Checksum)
            throw new MxdInputException($"{Location}: the bytes of {Shown.Name(entry.Name)} do not match their checksum: the file is damaged; download it again. (If torch.serialization.set_crc32_options(False) was used, save it again without.)");
    }

    public void Dispose() => handle.Dispose();
}
