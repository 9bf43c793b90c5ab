using System.Buffers.Binary;
using System.Text;

namespace Mxd.Runtime;

/// <summary>
/// What the dynamic loader reads of a 64-bit little-endian x86-64 shared library: its imported symbols, the versions they ask for and
/// the relocations that use them. Works on bytes in memory; every offset is checked, and a file that is not as expected is an
/// <see cref="InvalidDataException"/> that names what is wrong.
/// </summary>
internal sealed class ElfImage
{
    private const int SymbolSize = 24;
    private const int RelocationSize = 24;

    private const long SymbolTableTag = 6, StringTableTag = 5, StringSizeTag = 10, GnuHashTag = 0x6ffffef5;
    private const long VersionsTag = 0x6ffffff0, VersionNeedsTag = 0x6ffffffe, VersionNeedCountTag = 0x6fffffff;
    private const long RelocationsTag = 7, RelocationsSizeTag = 8, JumpRelocationsTag = 23, JumpRelocationsSizeTag = 2;

    private readonly byte[] bytes;
    private readonly List<(long Address, long Offset, long Size)> segments = [];
    private readonly Dictionary<long, long> dynamic = [];
    private readonly long strings, stringsSize, symbols, versions;

    /// <exception cref="InvalidDataException">The bytes are not such a library.</exception>
    public ElfImage(byte[] bytes)
    {
        this.bytes = bytes;
        if (bytes.Length < 64 || !bytes.AsSpan(0, 6).SequenceEqual("\u007fELF\u0002\u0001"u8) || U16(18) != 62)
            throw new InvalidDataException("it is not a 64-bit x86-64 ELF file");
        ReadSegments();
        strings = OffsetOf(StringTableTag);
        stringsSize = Tag(StringSizeTag);
        Require(strings, stringsSize);
        symbols = OffsetOf(SymbolTableTag);
        versions = OffsetOf(VersionsTag);
        UndefinedSymbols = ReadUndefinedSymbols();
        VersionNeeds = ReadVersionNeeds();
    }

    /// <summary>Symbols that the library imports.</summary>
    public IReadOnlyList<ElfSymbol> UndefinedSymbols { get; }

    /// <summary>Versions that the library asks of other libraries.</summary>
    public IReadOnlyList<ElfVersionNeed> VersionNeeds { get; }

    /// <summary>Whether any relocation, eager or lazy, is bound to the symbol: whether code or data of the library ever uses it.</summary>
    public bool IsUsed(ElfSymbol symbol) =>
        UsesSymbol(RelocationsTag, RelocationsSizeTag, symbol.Index) || UsesSymbol(JumpRelocationsTag, JumpRelocationsSizeTag, symbol.Index);

    private bool UsesSymbol(long tableTag, long sizeTag, int symbol)
    {
        if (!dynamic.ContainsKey(tableTag)) return false;
        long table = OffsetOf(tableTag), size = Tag(sizeTag);
        Require(table, size);
        for (long at = table; at + RelocationSize <= table + size; at += RelocationSize)
            if (U32(at + 12) == symbol) return true;
        return false;
    }

    private void ReadSegments()
    {
        const int LoadSegment = 1, DynamicSegment = 2;
        long headers = S64(32), entrySize = U16(54), count = U16(56);
        long dynamicOffset = -1, dynamicSize = 0;
        for (long i = 0, at = headers; i < count; i++, at += entrySize)
        {
            uint type = U32(at);
            (long offset, long address, long size) = (S64(at + 8), S64(at + 16), S64(at + 32));
            if (type is not (LoadSegment or DynamicSegment)) continue;
            Require(offset, size);
            if (type == LoadSegment) segments.Add((address, offset, size));
            else (dynamicOffset, dynamicSize) = (offset, size);
        }

        if (dynamicOffset < 0) throw new InvalidDataException("it has no dynamic section");
        for (long at = dynamicOffset; at + 16 <= dynamicOffset + dynamicSize && S64(at) != 0; at += 16)
            dynamic[S64(at)] = S64(at + 8);
    }

    // The hash table lists exported symbols only and names the first of them: all before it are imported.
    private List<ElfSymbol> ReadUndefinedSymbols()
    {
        long count = U32(OffsetOf(GnuHashTag) + 4);
        Require(symbols, count * SymbolSize);
        Require(versions, count * 2);
        List<ElfSymbol> found = [];
        for (int i = 1; i < count; i++)
        {
            long at = symbols + (long)i * SymbolSize;
            found.Add(new ElfSymbol(i, String(U32(at)), versions + i * 2L, (ushort)(U16(versions + i * 2L) & 0x7fff)));
        }

        return found;
    }

    private List<ElfVersionNeed> ReadVersionNeeds()
    {
        List<ElfVersionNeed> found = [];
        (long at, long count) = (OffsetOf(VersionNeedsTag), Tag(VersionNeedCountTag));
        Require(at, count);
        for (long i = 0; i < count; i++)
        {
            string library = String(U32(at + 4));
            long entry = at + U32(at + 8);
            for (int j = 0, entries = U16(at + 2); j < entries; j++)
            {
                if (found.Count > bytes.Length / 16) throw new InvalidDataException("its list of versions has no end");
                found.Add(new ElfVersionNeed(library, String(U32(entry + 8)), U16(entry + 6), entry + 4));
                entry += U32(entry + 12);
            }

            at += U32(at + 12);
        }

        return found;
    }

    private long Tag(long tag) =>
        dynamic.TryGetValue(tag, out long value) ? value : throw new InvalidDataException($"its dynamic section has no entry 0x{tag:x}");

    private long OffsetOf(long tag)
    {
        long address = Tag(tag);
        foreach ((long start, long offset, long size) in segments)
            if (address >= start && address < start + size) return offset + (address - start);
        throw new InvalidDataException($"entry 0x{tag:x} of its dynamic section points at 0x{address:x}, outside every segment");
    }

    private string String(uint offset)
    {
        if (offset >= stringsSize) throw new InvalidDataException($"a name starts at {offset}, past the {stringsSize} bytes of its string table");
        ReadOnlySpan<byte> text = bytes.AsSpan((int)(strings + offset), (int)(stringsSize - offset));
        int end = text.IndexOf((byte)0);
        return end < 0 ? throw new InvalidDataException("its string table is not terminated") : Encoding.ASCII.GetString(text[..end]);
    }

    private ushort U16(long offset) => BinaryPrimitives.ReadUInt16LittleEndian(At(offset, 2));

    private uint U32(long offset) => BinaryPrimitives.ReadUInt32LittleEndian(At(offset, 4));

    private long S64(long offset) => BinaryPrimitives.ReadInt64LittleEndian(At(offset, 8));

    private ReadOnlySpan<byte> At(long offset, int size)
    {
        Require(offset, size);
        return bytes.AsSpan((int)offset, size);
    }

    private void Require(long offset, long size)
    {
        if (offset < 0 || size < 0 || offset > bytes.Length - size)
            throw new InvalidDataException($"it needs {size} bytes at offset {offset}, but has {bytes.Length}: the file is cut short or damaged");
    }
}
