using System.Buffers.Binary;
using System.Text;
using Mxd.Runtime;

namespace Mxd.Formats.Pickle.Zip;

/// <summary>Reads the entries out of a zip file's directory. Data positions are not known from it alone.</summary>
internal ref struct ZipDirectoryParser
{
    private static readonly UTF8Encoding strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string path;
    private ReadOnlySpan<byte> rest;

    private ZipDirectoryParser(ReadOnlySpan<byte> directory, string path)
    {
        rest = directory;
        this.path = path;
    }

    /// <exception cref="MxdInputException">An entry is compressed, encrypted, of an unsafe or repeated name, or the directory is damaged.</exception>
    public static Dictionary<string, ZipEntry> Parse(ReadOnlySpan<byte> directory, long count, string path)
    {
        var parser = new ZipDirectoryParser(directory, path);
        var entries = new Dictionary<string, ZipEntry>(StringComparer.Ordinal);
        for (long i = 0; i < count; i++)
        {
            ZipEntry entry = parser.ParseEntry();
            if (!entries.TryAdd(entry.Name, entry)) throw ZipFault.Damaged(path, $"has two zip entries {Shown.Name(entry.Name)}");
        }
        if (parser.rest.Length > 0) throw ZipFault.Damaged(path, $"has {parser.rest.Length} bytes after the last entry of its zip directory");
        return entries;
    }

    private ZipEntry ParseEntry()
    {
        ReadOnlySpan<byte> record = Take(ZipRecords.CentralBytes);
        if (BinaryPrimitives.ReadUInt32LittleEndian(record) != ZipRecords.CentralSignature)
            throw ZipFault.Damaged(path, "has something in its zip directory that is no entry");
        string name = ParseName(Take(BinaryPrimitives.ReadUInt16LittleEndian(record[28..])));
        ReadOnlySpan<byte> extra = Take(BinaryPrimitives.ReadUInt16LittleEndian(record[30..]));
        Take(BinaryPrimitives.ReadUInt16LittleEndian(record[32..]));
        int flags = BinaryPrimitives.ReadUInt16LittleEndian(record[8..]), method = BinaryPrimitives.ReadUInt16LittleEndian(record[10..]);
        if ((flags & ZipRecords.Encrypted) != 0) throw ZipFault.Unsupported(path, $"has the zip entry {Shown.Name(name)} encrypted");
        if (method != 0) throw ZipFault.Unsupported(path, $"has the zip entry {Shown.Name(name)} compressed (method {method})");
        if (BinaryPrimitives.ReadUInt16LittleEndian(record[34..]) != 0) throw ZipFault.Unsupported(path, $"has the zip entry {Shown.Name(name)} in another part of an archive");
        ReadOnlySpan<byte> wide = Find64(extra, name);
        long length = Widen(BinaryPrimitives.ReadUInt32LittleEndian(record[24..]), ref wide, name);
        long stored = Widen(BinaryPrimitives.ReadUInt32LittleEndian(record[20..]), ref wide, name);
        long offset = Widen(BinaryPrimitives.ReadUInt32LittleEndian(record[42..]), ref wide, name);
        if (length != stored) throw ZipFault.Damaged(path, $"has the zip entry {Shown.Name(name)}, stored as it is, with {stored} bytes for {length}");
        return new ZipEntry(name, offset, length, BinaryPrimitives.ReadUInt32LittleEndian(record[16..]));
    }

    private readonly string ParseName(ReadOnlySpan<byte> utf8)
    {
        string name;
        try
        {
            name = strictUtf8.GetString(utf8);
        }
        catch (DecoderFallbackException e)
        {
            throw new MxdInputException($"{path} has a zip entry whose name is not UTF-8: the file is damaged; download it again.", e);
        }
        // A folder's own entry, as general archivers write it, ends with a slash.
        ReadOnlySpan<char> parts = name.AsSpan(0, name.EndsWith('/') ? name.Length - 1 : name.Length);
        bool safe = !name.AsSpan().ContainsAny("\\:\0");
        foreach (Range part in parts.Split('/')) safe &= parts[part] is not ("" or "." or "..");
        return safe ? name : throw new MxdInputException($"{path} has the zip entry {Shown.Name(name)}, a name that leads out of the archive: do not use the file.");
    }

    /// <summary>The contents of the 64-bit extra field; empty where there is none.</summary>
    private readonly ReadOnlySpan<byte> Find64(ReadOnlySpan<byte> extra, string name)
    {
        while (extra.Length > 0)
        {
            int length = extra.Length < 4 ? int.MaxValue : BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (length > extra.Length - 4) throw ZipFault.Damaged(path, $"has the zip entry {Shown.Name(name)} with an extra field that is cut short");
            if (BinaryPrimitives.ReadUInt16LittleEndian(extra) == ZipRecords.Extra64) return extra.Slice(4, length);
            extra = extra[(4 + length)..];
        }
        return [];
    }

    private readonly long Widen(uint field, ref ReadOnlySpan<byte> wide, string name)
    {
        if (field != ZipRecords.Elsewhere32) return field;
        if (wide.Length < sizeof(long)) throw ZipFault.Damaged(path, $"has the zip entry {Shown.Name(name)} without the 64-bit numbers that it refers to");
        long value = BinaryPrimitives.ReadInt64LittleEndian(wide);
        wide = wide[sizeof(long)..];
        return value >= 0 ? value : throw ZipFault.Damaged(path, $"has the zip entry {Shown.Name(name)} with a size or position of {(ulong)value}");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > rest.Length) throw ZipFault.Damaged(path, "has a zip directory that is cut short");
        ReadOnlySpan<byte> taken = rest[..count];
        rest = rest[count..];
        return taken;
    }
}
