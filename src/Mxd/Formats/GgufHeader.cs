using Mxd.Runtime;

namespace Mxd.Formats;

/// <summary>What stands before the tensors' bytes in a GGUF file, checked against itself and against the file's length.</summary>
internal sealed record GgufHeader(uint Version, GgufMetadata Metadata, OrderedDictionary<string, GgufTensor> Tensors)
{
    private const uint Magic = 0x46554747;
    private const uint MostDimensions = 4;
    private const uint DefaultAlignment = 32;
    private const string AlignmentKey = "general.alignment";

    /// <summary>A key of no characters and one byte; a name of no characters and no dimensions.</summary>
    private const int LeastMetadataBytes = 13, LeastTensorBytes = 24;

    public static GgufHeader Read(MappedFile file)
    {
        var cursor = new GgufCursor(file);
        uint version = ReadVersion(cursor);
        ulong tensorCount = cursor.UInt64(), metadataCount = cursor.UInt64();
        cursor.RequireCount(tensorCount, LeastTensorBytes, "tensors");
        cursor.RequireCount(metadataCount, LeastMetadataBytes, "metadata values");
        GgufMetadata metadata = ReadMetadata(cursor, (int)metadataCount);
        var described = new OrderedDictionary<string, GgufTensor>(StringComparer.Ordinal);
        for (int i = 0; i < (int)tensorCount; i++)
        {
            GgufTensor tensor = ReadTensor(cursor);
            if (!described.TryAdd(tensor.Entry.Name, tensor))
                throw new MxdInputException($"{file.Path} has tensor {Shown.Name(tensor.Entry.Name)} twice; names must be different.");
        }
        return new GgufHeader(version, metadata, GgufLayout.Place(file, cursor.Position, Alignment(metadata, file.Path), described));
    }

    private static uint ReadVersion(GgufCursor cursor)
    {
        if (cursor.UInt32() != Magic) throw new MxdInputException($"{cursor.Path} is not a GGUF file: it does not begin with 'GGUF'.");
        uint version = cursor.UInt32();
        if (version is 2 or 3) return version;
        throw new MxdInputException(version switch
        {
            1 => $"{cursor.Path} is GGUF version 1, which is no longer read; convert the model again with a current converter.",
            _ when (version & 0xffff) == 0 && version != 0 => $"{cursor.Path} is a big-endian GGUF file; only little-endian ones are read.",
            _ => $"{cursor.Path} is GGUF version {version}; versions 2 and 3 are read.",
        });
    }

    private static GgufMetadata ReadMetadata(GgufCursor cursor, int count)
    {
        var values = new OrderedDictionary<string, GgufValue>(StringComparer.Ordinal);
        var reader = new GgufValueReader(cursor);
        for (int i = 0; i < count; i++)
        {
            string key = cursor.String("metadata key");
            if (!values.TryAdd(key, reader.Read(key)))
                throw new MxdInputException($"{cursor.Path} has the metadata key {Shown.Name(key)} twice; keys must be different.");
        }
        return new GgufMetadata(cursor.Path, values);
    }

    private static GgufTensor ReadTensor(GgufCursor cursor)
    {
        string name = cursor.String("tensor name");
        uint dimensions = cursor.UInt32();
        if (dimensions > MostDimensions) throw GgufTensor.Wrong(cursor.Path, name, $"has {dimensions} dimensions; the format has at most {MostDimensions}");
        var shape = new long[dimensions];
        for (int i = 0; i < shape.Length; i++)
        {
            ulong size = cursor.UInt64();
            if (size > long.MaxValue) throw GgufTensor.Wrong(cursor.Path, name, $"has a dimension of {size}, more than a signed 64-bit number holds");
            // The file begins with the contiguous dimension, torch ends with it.
            shape[^(i + 1)] = (long)size;
        }
        uint type = cursor.UInt32();
        GgufStorage storage = GgufStorage.Find(type)
            ?? throw GgufTensor.Wrong(cursor.Path, name, $"has the storage type number {type}, which is not known here");
        return GgufTensor.Create(cursor.Path, name, storage, shape, cursor.UInt64());
    }

    private static uint Alignment(GgufMetadata metadata, string path)
    {
        if (!metadata.TryGetUInt32(AlignmentKey, out uint alignment)) return DefaultAlignment;
        return uint.IsPow2(alignment)
            ? alignment
            : throw new MxdInputException($"{path} has the {AlignmentKey} {alignment}; it must be a power of two.");
    }
}
