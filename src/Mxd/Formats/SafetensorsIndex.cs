using System.Text.Json;
using Mxd.Runtime;

namespace Mxd.Formats;

/// <summary><c>model.safetensors.index.json</c>: which shard holds which tensor.</summary>
internal static class SafetensorsIndex
{
    /// <summary>Enough for a million tensors; larger is not an index.</summary>
    private const long LongestFile = 256L << 20;

    /// <summary>Tensor name to shard's file name, every shard being a plain name in the index's own folder.</summary>
    public static IReadOnlyDictionary<string, string> Read(string path)
    {
        using var handle = InputFile.OpenRead(path);
        long length = RandomAccess.GetLength(handle);
        if (length > LongestFile) throw new MxdInputException($"{path} is {length} bytes long; an index of shards has at most {LongestFile}.");
        byte[] utf8 = new byte[length];
        InputFile.ReadExactly(handle, path, 0, utf8);
        try
        {
            return Parse(utf8, path);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new MxdInputException($"{path} is not valid JSON in UTF-8: the file is damaged; download it again.", e);
        }
    }

    private static Dictionary<string, string> Parse(byte[] utf8, string path)
    {
        var json = new Utf8JsonReader(utf8);
        Dictionary<string, string>? map = null;
        json.Read();
        if (json.TokenType != JsonTokenType.StartObject) throw new MxdInputException($"{path} is not an index of shards: it must hold one JSON object.");
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            bool isMap = json.ValueTextEquals("weight_map");
            json.Read();
            if (isMap && map is not null) throw new MxdInputException($"{path} has 'weight_map' twice; names must be different.");
            if (isMap) map = ParseMap(ref json, path);
            else json.Skip();
        }
        while (json.Read())
        {
            // Anything after the object makes the reader throw.
        }
        return map ?? throw new MxdInputException($"{path} has no 'weight_map', so it does not say which file holds which tensor.");
    }

    private static Dictionary<string, string> ParseMap(ref Utf8JsonReader json, string path)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        if (json.TokenType != JsonTokenType.StartObject) throw new MxdInputException($"{path} has a 'weight_map' that is not an object.");
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string name = json.GetString()!;
            json.Read();
            if (json.TokenType != JsonTokenType.String) throw new MxdInputException($"{path}: tensor {Shown.Name(name)} has a shard that is not a file name.");
            string shard = json.GetString()!;
            if (!IsPlainName(shard))
                throw new MxdInputException($"{path}: tensor {Shown.Name(name)} is said to be in {Shown.Name(shard)}; a shard must be a file in the index's own folder, named without a path.");
            if (!map.TryAdd(name, shard)) throw new MxdInputException($"{path} has tensor {Shown.Name(name)} twice; names must be different.");
        }
        return map;
    }

    /// <summary>On every system alike, so that a folder that is safe on one is safe on another; ':' is a drive or a stream on Windows.</summary>
    private static bool IsPlainName(string name) =>
        name.Length > 0 && name is not ("." or "..") && name.AsSpan().IndexOfAny("/\\:") < 0 && !name.Any(char.IsControl);
}
