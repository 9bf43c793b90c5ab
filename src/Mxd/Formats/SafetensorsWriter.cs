using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Formats;

/// <summary>
/// Writes safetensors files. The same tensors and metadata give the same bytes whatever their order: tensors stand by descending element
/// size, then by name, so that each is aligned to its elements, and metadata by key.
/// </summary>
public static class SafetensorsWriter
{
    /// <summary>The header is padded with spaces to a multiple of this, so that the data are aligned to every element type.</summary>
    private const int HeaderAlignment = 8;

    private static readonly UTF8Encoding strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// Writes the whole file or, when anything fails, none of it. Tensors may be on any device and of any strides; they are brought to the
    /// CPU one at a time.
    /// </summary>
    /// <exception cref="ArgumentException">A name is used twice, is reserved or is not valid text, or safetensors has no such type.</exception>
    public static void Write(string path, IEnumerable<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        (string Name, Tensor Value)[] ordered =
            [.. tensors.OrderByDescending(t => Dtype(t.Name, t.Value).Bytes).ThenBy(t => t.Name, StringComparer.Ordinal)];
        RequireNames(ordered);
        byte[] header = Header(ordered, metadata ?? new Dictionary<string, string>());
        AtomicFile.Write(path, stream =>
        {
            stream.Write(header);
            foreach ((_, Tensor value) in ordered) WriteData(value, stream);
        });
    }

    private static void WriteData(Tensor tensor, Stream stream)
    {
        using DisposeScope scope = NewDisposeScope();
        TensorMemory.Write(tensor.detach().resolve_conj().resolve_neg().cpu().contiguous(), stream);
    }

    private static SafetensorsDtype Dtype(string name, Tensor tensor) =>
        SafetensorsDtype.For(tensor.dtype) ?? throw new ArgumentException($"Tensor {Shown.Name(name)} is {tensor.dtype}, which safetensors cannot hold.", nameof(tensor));

    private static void RequireNames((string Name, Tensor Value)[] tensors)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string name, _) in tensors)
        {
            if (name == SafetensorsHeader.MetadataKey) throw new ArgumentException($"A tensor may not be named {name}.", nameof(tensors));
            if (!seen.Add(name)) throw new ArgumentException($"Two tensors are named {Shown.Name(name)}.", nameof(tensors));
            RequireText(name);
        }
    }

    /// <summary>Half a surrogate pair would be written as a replacement character, and the file would hold another name.</summary>
    private static void RequireText(string text)
    {
        try
        {
            strictUtf8.GetByteCount(text);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException($"{Shown.Name(text)} is not valid text, so it cannot be written as JSON.", nameof(text), e);
        }
    }

    private static byte[] Header((string Name, Tensor Value)[] tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var bytes = new MemoryStream();
        bytes.Write(stackalloc byte[SafetensorsFile.LengthBytes]);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            if (metadata.Count > 0) WriteMetadata(json, metadata);
            long begin = 0;
            foreach ((string name, Tensor value) in tensors)
            {
                long end = begin + TensorMemory.ByteLength(value);
                WriteEntry(json, name, value, begin, end);
                begin = end;
            }
            json.WriteEndObject();
        }
        while (bytes.Length % HeaderAlignment != 0) bytes.WriteByte((byte)' ');
        long length = bytes.Length - SafetensorsFile.LengthBytes;
        if (length > SafetensorsFile.LongestHeader)
            throw new ArgumentException($"The header is {length} bytes long; safetensors allows {SafetensorsFile.LongestHeader}: write fewer tensors or less metadata.", nameof(metadata));
        byte[] header = bytes.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, length);
        return header;
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        json.WriteStartObject(SafetensorsHeader.MetadataKey);
        foreach ((string key, string value) in metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            RequireText(key);
            RequireText(value);
            json.WriteString(key, value);
        }
        json.WriteEndObject();
    }

    private static void WriteEntry(Utf8JsonWriter json, string name, Tensor tensor, long begin, long end)
    {
        json.WriteStartObject(name);
        json.WriteString("dtype", Dtype(name, tensor).Name);
        WriteNumbers(json, "shape", tensor.shape);
        WriteNumbers(json, "data_offsets", [begin, end]);
        json.WriteEndObject();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers) json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
