using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Mxd.Runtime;

namespace Mxd.Formats;

/// <summary>
/// The keys and values of a GGUF file. The getters take any stored type that holds the value exactly (converters differ in the width of
/// integers); a missing key, another type or a value out of range is an error that names the key, what was expected and what is there.
/// The Try getters return false for a missing key only. Arrays are copies.
/// </summary>
public sealed class GgufMetadata
{
    private readonly string path;
    private readonly OrderedDictionary<string, GgufValue> values;

    internal GgufMetadata(string path, OrderedDictionary<string, GgufValue> values)
    {
        this.path = path;
        this.values = values;
    }

    /// <summary>All of them, in the order of the file.</summary>
    public IReadOnlyDictionary<string, GgufValue> Values => values;

    /// <summary>The value as it is stored.</summary>
    public GgufValue this[string key] => values.TryGetValue(key, out GgufValue? value) ? value : throw Missing(key);

    public bool Contains(string key) => values.ContainsKey(key);

    public string GetString(string key) => this[key].Content as string ?? throw Wrong(key, "string");

    public bool GetBool(string key) => this[key].Content is bool value ? value : throw Wrong(key, "bool");

    public uint GetUInt32(string key) => (uint)Integer(key, "uint32", uint.MinValue, uint.MaxValue);

    public long GetInt64(string key) => Integer(key, "int64", long.MinValue, long.MaxValue);

    public float GetFloat(string key) => this[key].Content switch
    {
        float value => value,
        double value => (float)value,
        _ => throw Wrong(key, "float32"),
    };

    public string[] GetStrings(string key) => this[key].Content is string[] strings ? [.. strings] : throw Wrong(key, "array of string");

    public float[] GetFloats(string key) => this[key].Content switch
    {
        float[] floats => [.. floats],
        double[] doubles => Array.ConvertAll(doubles, value => (float)value),
        _ => throw Wrong(key, "array of float32"),
    };

    /// <summary>An array of integers of any width, as int32; an element beyond that is an error.</summary>
    public int[] GetInts(string key)
    {
        if (this[key].Content is int[] integers) return [.. integers];
        if (this[key] is not { ElementType: not null, Content: Array array }) throw Wrong(key, "array of int32");
        var result = new int[array.Length];
        for (int i = 0; i < result.Length; i++)
        {
            Int128 value = AsInteger(array.GetValue(i)!) ?? throw Wrong(key, "array of int32");
            if (value < int.MinValue || value > int.MaxValue) throw OutOfRange(key, "int32", value);
            result[i] = (int)value;
        }
        return result;
    }

    public bool TryGetString(string key, [NotNullWhen(true)] out string? value) => Try(key, GetString, out value);

    public bool TryGetBool(string key, out bool value) => Try(key, GetBool, out value);

    public bool TryGetUInt32(string key, out uint value) => Try(key, GetUInt32, out value);

    public bool TryGetInt64(string key, out long value) => Try(key, GetInt64, out value);

    public bool TryGetFloat(string key, out float value) => Try(key, GetFloat, out value);

    public bool TryGetStrings(string key, [NotNullWhen(true)] out string[]? value) => Try(key, GetStrings, out value);

    public bool TryGetInts(string key, [NotNullWhen(true)] out int[]? value) => Try(key, GetInts, out value);

    public bool TryGetFloats(string key, [NotNullWhen(true)] out float[]? value) => Try(key, GetFloats, out value);

    private bool Try<T>(string key, Func<string, T> get, [NotNullWhen(true)] out T? value)
    {
        bool there = Contains(key);
        value = there ? get(key) : default;
        return there;
    }

    private long Integer(string key, string expected, Int128 least, Int128 most)
    {
        Int128 value = AsInteger(this[key].Content) ?? throw Wrong(key, expected);
        return value >= least && value <= most ? (long)value : throw OutOfRange(key, expected, value);
    }

    private static Int128? AsInteger(object content) => content switch
    {
        ulong value => value,
        byte or sbyte or ushort or short or uint or int or long => Convert.ToInt64(content, CultureInfo.InvariantCulture),
        _ => null,
    };

    private MxdInputException Missing(string key) => new($"{path} has no metadata {Shown.Name(key)}{NearestNames.Hint(key, values.Keys)}.");

    private MxdInputException Wrong(string key, string expected) =>
        new($"{path}: metadata {Shown.Name(key)} must be {expected}, but it is {this[key].TypeName}.");

    private MxdInputException OutOfRange(string key, string expected, Int128 value) =>
        new($"{path}: metadata {Shown.Name(key)} must be {expected}, but it has the value {value}, which is outside.");
}
