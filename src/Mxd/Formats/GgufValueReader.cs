using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Mxd.Runtime;

namespace Mxd.Formats;

/// <summary>Reads metadata values of every type.</summary>
internal sealed class GgufValueReader(GgufCursor cursor)
{
    /// <summary>Arrays in arrays; real files have one level.</summary>
    private const int Deepest = 8;

    /// <summary>An empty string takes its length; an empty array in an array takes its element type and its length.</summary>
    private const int LeastStringBytes = sizeof(ulong), LeastArrayBytes = sizeof(uint) + sizeof(ulong);

    public GgufValue Read(string key)
    {
        GgufValueType type = ReadType(key);
        return type == GgufValueType.Array ? ReadArray(key, 1) : new GgufValue(type, null, ReadScalar(type, key));
    }

    private GgufValueType ReadType(string key)
    {
        uint number = cursor.UInt32();
        return number <= (uint)GgufValueType.Float64
            ? (GgufValueType)number
            : throw new MxdInputException($"{cursor.Path}: metadata {Shown.Name(key)} has the value type {number}; the format has 0 to {(uint)GgufValueType.Float64}. The file is damaged or newer than this program.");
    }

    private object ReadScalar(GgufValueType type, string key) => type switch
    {
        GgufValueType.UInt8 => cursor.Take(1)[0],
        GgufValueType.Int8 => (sbyte)cursor.Take(1)[0],
        GgufValueType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(cursor.Take(2)),
        GgufValueType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(cursor.Take(2)),
        GgufValueType.UInt32 => cursor.UInt32(),
        GgufValueType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(cursor.Take(4)),
        GgufValueType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(cursor.Take(4)),
        GgufValueType.Bool => ReadBools(1, key)[0],
        GgufValueType.String => cursor.String("text of " + Shown.Name(key)),
        GgufValueType.UInt64 => cursor.UInt64(),
        GgufValueType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(cursor.Take(8)),
        GgufValueType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(cursor.Take(8)),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Arrays are read by ReadArray."),
    };

    private GgufValue ReadArray(string key, int depth)
    {
        if (depth > Deepest) throw new MxdInputException($"{cursor.Path}: metadata {Shown.Name(key)} has arrays in arrays more than {Deepest} deep; the file is damaged.");
        GgufValueType element = ReadType(key);
        ulong count = cursor.UInt64();
        object content = element switch
        {
            GgufValueType.UInt8 => ReadNumbers<byte>(count, key),
            GgufValueType.Int8 => ReadNumbers<sbyte>(count, key),
            GgufValueType.UInt16 => ReadNumbers<ushort>(count, key),
            GgufValueType.Int16 => ReadNumbers<short>(count, key),
            GgufValueType.UInt32 => ReadNumbers<uint>(count, key),
            GgufValueType.Int32 => ReadNumbers<int>(count, key),
            GgufValueType.Float32 => ReadNumbers<float>(count, key),
            GgufValueType.Bool => ReadBools(count, key),
            GgufValueType.String => ReadMany(count, LeastStringBytes, key, () => cursor.String("text in " + Shown.Name(key))),
            GgufValueType.Array => ReadMany(count, LeastArrayBytes, key, () => ReadArray(key, depth + 1)),
            GgufValueType.UInt64 => ReadNumbers<ulong>(count, key),
            GgufValueType.Int64 => ReadNumbers<long>(count, key),
            _ => ReadNumbers<double>(count, key),
        };
        return new GgufValue(GgufValueType.Array, element, content);
    }

    private unsafe T[] ReadNumbers<T>(ulong count, string key) where T : unmanaged =>
        MemoryMarshal.Cast<byte, T>(cursor.TakeElements(count, sizeof(T), Elements(key))).ToArray();

    private bool[] ReadBools(ulong count, string key)
    {
        ReadOnlySpan<byte> bytes = cursor.TakeElements(count, 1, Elements(key));
        if (bytes.ContainsAnyExceptInRange((byte)0, (byte)1))
            throw new MxdInputException($"{cursor.Path}: metadata {Shown.Name(key)} has a truth value that is neither 0 nor 1; the file is damaged.");
        return MemoryMarshal.Cast<byte, bool>(bytes).ToArray();
    }

    private T[] ReadMany<T>(ulong count, int leastBytes, string key, Func<T> read)
    {
        cursor.RequireCount(count, leastBytes, Elements(key));
        var values = new T[count];
        for (int i = 0; i < values.Length; i++) values[i] = read();
        return values;
    }

    private static string Elements(string key) => "elements of " + Shown.Name(key);
}
