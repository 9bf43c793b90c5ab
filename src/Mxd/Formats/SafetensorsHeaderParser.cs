using System.Text.Json;
using Mxd.Runtime;

namespace Mxd.Formats;

/// <summary>
/// Reads the JSON header of a safetensors file token by token: a document model would take the last of two equal names,
/// so that two readers could see different tensors in one file.
/// </summary>
internal ref struct SafetensorsHeaderParser
{
    private readonly string path;
    private readonly long dataStart;
    private Utf8JsonReader json;

    private SafetensorsHeaderParser(ReadOnlySpan<byte> utf8, string path, long dataStart)
    {
        this.path = path;
        this.dataStart = dataStart;
        json = new Utf8JsonReader(utf8);
    }

    /// <param name="utf8">The header, padding included.</param>
    /// <param name="path">The file, for messages.</param>
    /// <param name="dataStart">Position in the file that data_offsets count from.</param>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> utf8, string path, long dataStart)
    {
        if (utf8.Length == 0 || utf8[0] != (byte)'{') throw new MxdInputException($"{path} is not a safetensors file: its header does not begin with '{{'.");
        try
        {
            return new SafetensorsHeaderParser(utf8, path, dataStart).ParseHeader();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException is what the reader throws for text that is not UTF-8.
            throw new MxdInputException($"{path} has a header that is not valid JSON in UTF-8: the file is damaged; download it again.", e);
        }
    }

    private SafetensorsHeader ParseHeader()
    {
        var tensors = new Dictionary<string, TensorEntry>(StringComparer.Ordinal);
        Dictionary<string, string>? metadata = null;
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string name = json.GetString()!;
            json.Read();
            if (name == SafetensorsHeader.MetadataKey)
            {
                if (metadata is not null) throw Duplicate(name);
                metadata = ParseMetadata();
            }
            else if (!tensors.TryAdd(name, ParseTensor(name)))
            {
                throw Duplicate(name);
            }
        }
        while (json.Read())
        {
            // Anything but padding after the object makes the reader throw.
        }
        return new SafetensorsHeader(metadata ?? [], tensors);
    }

    private Dictionary<string, string> ParseMetadata()
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        if (json.TokenType != JsonTokenType.StartObject) throw new MxdInputException($"{path} has a __metadata__ that is not an object of strings.");
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string key = json.GetString()!;
            json.Read();
            if (json.TokenType != JsonTokenType.String)
                throw new MxdInputException($"{path} has the __metadata__ entry {Shown.Name(key)} that is not a string; the format allows strings only.");
            if (!metadata.TryAdd(key, json.GetString()!)) throw Duplicate(key);
        }
        return metadata;
    }

    private TensorEntry ParseTensor(string name)
    {
        if (json.TokenType != JsonTokenType.StartObject) throw Wrong(name, "is not described by an object");
        string? dtype = null;
        List<long>? shape = null, offsets = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string field = json.GetString()!;
            json.Read();
            if (field == "dtype" && dtype is null) dtype = ParseDtype(name);
            else if (field == "shape" && shape is null) shape = ParseNumbers(name, field, TensorSizes.MostDimensions);
            else if (field == "data_offsets" && offsets is null) offsets = ParseNumbers(name, field, 2);
            else if (field is "dtype" or "shape" or "data_offsets") throw Wrong(name, $"has two fields '{field}'");
            else json.Skip();
        }
        if (dtype is null) throw Wrong(name, "has no field 'dtype'");
        if (shape is null) throw Wrong(name, "has no field 'shape'");
        if (offsets is not { Count: 2 }) throw Wrong(name, "has no pair 'data_offsets'");
        return Entry(name, dtype, shape, offsets[0], offsets[1]);
    }

    private string ParseDtype(string name) =>
        json.TokenType == JsonTokenType.String ? json.GetString()! : throw Wrong(name, "has a 'dtype' that is not a string");

    private List<long> ParseNumbers(string name, string field, int most)
    {
        if (json.TokenType != JsonTokenType.StartArray) throw Wrong(name, $"has a '{field}' that is not a list");
        var numbers = new List<long>();
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out long number) || number < 0)
                throw Wrong(name, $"has a '{field}' with an entry that is not a whole number from 0 to 2^63 - 1");
            if (numbers.Count == most) throw Wrong(name, $"has a '{field}' of more than {most} numbers");
            numbers.Add(number);
        }
        return numbers;
    }

    private TensorEntry Entry(string name, string dtypeName, List<long> shape, long begin, long end)
    {
        SafetensorsDtype dtype = SafetensorsDtype.Find(dtypeName)
            ?? throw Wrong(name, $"has the dtype {Shown.Name(dtypeName)}; known are {string.Join(", ", SafetensorsDtype.All.Select(known => known.Name))}");
        if (!TensorSizes.TryCount(shape, out long elements) || elements > long.MaxValue / dtype.Bytes)
            throw Wrong(name, $"has the shape [{string.Join(", ", shape)}], more bytes than a 64-bit number counts");
        if (begin > end) throw Wrong(name, $"has data_offsets [{begin}, {end}] that end before they begin");
        if (end - begin != elements * dtype.Bytes)
            throw Wrong(name, $"has data_offsets [{begin}, {end}], {end - begin} bytes, but {dtypeName} [{string.Join(", ", shape)}] takes {elements * dtype.Bytes}");
        if (end > long.MaxValue - dataStart) throw Wrong(name, $"has data_offsets [{begin}, {end}] beyond any file");
        return new TensorEntry(name, dtypeName, shape.AsReadOnly(), end - begin) { FileOffset = dataStart + begin };
    }

    private readonly MxdInputException Duplicate(string name) =>
        new($"{path} has {Shown.Name(name)} twice in its header; names must be different.");

    private readonly MxdInputException Wrong(string name, string what) =>
        new($"{path}: tensor {Shown.Name(name)} {what}; the file is damaged or not safetensors.");
}
