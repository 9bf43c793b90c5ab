using System.Text;

namespace Mxd.Formats.Pickle.Zip;

/// <summary>
/// Writes a zip file of stored entries from front to back, byte for byte as torch does: sizes after the data, data aligned by an extra
/// field <c>FB</c>, 64-bit records at the end always and in entries where they are needed.
/// </summary>
/// <param name="stream">Written from its present position on, which counts as 0.</param>
internal sealed class ZipWriter(Stream stream)
{
    /// <summary>Data begin at multiples of this, so that a mapped file's tensors are aligned for any instruction.</summary>
    private const int Alignment = 64;

    private const ushort MadeBy64 = 0x031e, Needed64 = 45;
    private const ushort Flags = ZipRecords.SizesFollow | ZipRecords.Utf8Name;

    private readonly List<ZipEntry> entries = [];
    private long position;

    /// <summary>Appends an entry of <paramref name="length"/> bytes, which <paramref name="write"/> writes.</summary>
    public void Add(string name, long length, Action<Stream> write)
    {
        long start = position;
        Emit(LocalHeader(name, length));
        var data = new ChecksumStream(stream);
        write(data);
        if (data.Count != length) throw new InvalidOperationException($"{data.Count} bytes were written for the entry {name} instead of {length}.");
        position += length;
        entries.Add(new ZipEntry(name, start, length, data.Checksum.Value));
        Emit(writer =>
        {
            writer.Write(ZipRecords.DescriptorSignature);
            writer.Write(data.Checksum.Value);
            for (int twice = 0; twice < 2; twice++)
            {
                if (IsWide(length)) writer.Write(length);
                else writer.Write((uint)length);
            }
        });
    }

    /// <summary>Appends the directory and the end records. Nothing may follow.</summary>
    public void Finish()
    {
        long directory = position;
        foreach (ZipEntry entry in entries) Emit(writer => WriteCentral(writer, entry));
        long end = position;
        Emit(writer =>
        {
            WriteEnd64(writer, directory, end);
            writer.Write(ZipRecords.EndSignature);
            writer.Write(0u);
            for (int twice = 0; twice < 2; twice++) writer.Write((ushort)Math.Min(entries.Count, ZipRecords.Elsewhere16));
            writer.Write(Narrow(end - directory));
            writer.Write(Narrow(directory));
            writer.Write((ushort)0);
        });
    }

    private Action<BinaryWriter> LocalHeader(string name, long length)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        byte[] wide = Wide(length, position);
        long unpadded = position + ZipRecords.LocalBytes + utf8.Length + wide.Length + 2 * sizeof(ushort);
        ushort padding = (ushort)((Alignment - unpadded % Alignment) % Alignment);
        return writer =>
        {
            writer.Write(ZipRecords.LocalSignature);
            writer.Write((ushort)0);
            writer.Write(Flags);
            writer.Write(0u);
            writer.Write((ushort)0);
            for (int field = 0; field < 3; field++) writer.Write(0u);
            writer.Write((ushort)utf8.Length);
            writer.Write((ushort)(wide.Length + 2 * sizeof(ushort) + padding));
            writer.Write(utf8);
            writer.Write(wide);
            writer.Write("FB"u8);
            writer.Write(padding);
            for (int i = 0; i < padding; i++) writer.Write((byte)'Z');
        };
    }

    private static void WriteCentral(BinaryWriter writer, ZipEntry entry)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(entry.Name);
        byte[] wide = Wide(entry.Length, entry.HeaderOffset);
        writer.Write(ZipRecords.CentralSignature);
        writer.Write(0u);
        writer.Write(Flags);
        writer.Write(0u);
        writer.Write((ushort)0);
        writer.Write(entry.Checksum);
        for (int twice = 0; twice < 2; twice++) writer.Write(Narrow(entry.Length));
        writer.Write((ushort)utf8.Length);
        writer.Write((ushort)wide.Length);
        for (int field = 0; field < 5; field++) writer.Write((ushort)0);
        writer.Write(Narrow(entry.HeaderOffset));
        writer.Write(utf8);
        writer.Write(wide);
    }

    private void WriteEnd64(BinaryWriter writer, long directory, long end)
    {
        writer.Write(ZipRecords.End64Signature);
        writer.Write((long)(ZipRecords.End64Bytes - ZipRecords.End64Uncounted));
        writer.Write(MadeBy64);
        writer.Write(Needed64);
        writer.Write(0L);
        for (int twice = 0; twice < 2; twice++) writer.Write((long)entries.Count);
        writer.Write(end - directory);
        writer.Write(directory);
        writer.Write(ZipRecords.Locator64Signature);
        writer.Write(0u);
        writer.Write(end);
        writer.Write(1u);
    }

    /// <summary>The extra field with those of both sizes and the position that 32 bits do not hold; empty where they hold all.</summary>
    private static byte[] Wide(long length, long offset)
    {
        using var field = new MemoryStream();
        using var writer = new BinaryWriter(field);
        if (!IsWide(length) && !IsWide(offset)) return [];
        writer.Write(ZipRecords.Extra64);
        writer.Write((ushort)(sizeof(long) * ((IsWide(length) ? 2 : 0) + (IsWide(offset) ? 1 : 0))));
        for (int twice = 0; twice < 2 && IsWide(length); twice++) writer.Write(length);
        if (IsWide(offset)) writer.Write(offset);
        return field.ToArray();
    }

    private static bool IsWide(long value) => value >= ZipRecords.Elsewhere32;

    private static uint Narrow(long value) => (uint)Math.Min(value, ZipRecords.Elsewhere32);

    private void Emit(Action<BinaryWriter> write)
    {
        using var record = new MemoryStream();
        using (var writer = new BinaryWriter(record, Encoding.UTF8, leaveOpen: true)) write(writer);
        stream.Write(record.GetBuffer(), 0, (int)record.Length);
        position += record.Length;
    }
}
