using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using Mxd.Runtime;

namespace Mxd.Formats;

/// <summary>Reads the header of a GGUF file front to back; no length is believed before the file is known to hold so much.</summary>
internal sealed class GgufCursor(MappedFile file)
{
    public string Path => file.Path;

    public long Position { get; private set; }

    public long Remaining => file.Length - Position;

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count > Remaining)
            throw new MxdInputException($"{Path} ends at byte {file.Length}, but its header goes on to byte {Position + count} at least: the file is cut short; download it again.");
        ReadOnlySpan<byte> bytes = file.Slice(Position, count);
        Position += count;
        return bytes;
    }

    /// <summary>The bytes of <paramref name="count"/> elements of <paramref name="size"/> bytes each.</summary>
    public ReadOnlySpan<byte> TakeElements(ulong count, int size, string what)
    {
        RequireCount(count, size, what);
        return Take((int)count * size);
    }

    /// <summary>Refuses a count that the rest of the file cannot hold, its elements taking at least <paramref name="leastBytes"/> each.</summary>
    public void RequireCount(ulong count, int leastBytes, string what)
    {
        if (count > (ulong)(Remaining / leastBytes))
            throw new MxdInputException($"{Path} ends at byte {file.Length}, but its header says that {count} {what} follow byte {Position}: the file is cut short or damaged; download it again.");
        if (count > (ulong)(int.MaxValue / leastBytes))
            throw new MxdInputException($"{Path} has {count} {what}; at most {int.MaxValue / leastBytes} are read.");
    }

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    /// <summary>A length (unsigned 64 bits) and that many bytes of UTF-8.</summary>
    public string String(string what)
    {
        ulong length = UInt64();
        long start = Position;
        ReadOnlySpan<byte> utf8 = TakeElements(length, 1, "bytes of text");
        if (!Utf8.IsValid(utf8)) throw new MxdInputException($"{Path}: the {what} at byte {start} is not UTF-8; the file is damaged or not GGUF.");
        return Encoding.UTF8.GetString(utf8);
    }
}
