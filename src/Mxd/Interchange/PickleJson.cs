using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mxd.Formats.Pickle;

namespace Mxd.Interchange;

/// <summary>
/// Simple Python values as JSON and back, with what JSON lacks in an object of one key: <c>{"tuple": [...]}</c>, <c>{"list": [...]}</c>,
/// <c>{"device": "cuda:0"}</c>, <c>{"dtype": "float32"}</c>, <c>{"float": "nan"}</c>. A number with a point or an exponent is a float.
/// </summary>
internal static partial class PickleJson
{
    private const string Tuple = "tuple", List = "list", Device = "device", Dtype = "dtype", Float = "float";

    /// <summary>Can it be written? Configurations hold nothing else; classes, tensors and nested containers are not for keeping.</summary>
    public static bool Takes(PickleValue value) =>
        IsScalar(value) || (value is PickleTuple tuple && tuple.Items.All(IsScalar)) || (value is PickleList list && list.Items.All(IsScalar));

    public static void Write(Utf8JsonWriter json, PickleValue value)
    {
        switch (value)
        {
            case PickleNone: json.WriteNullValue(); break;
            case PickleBool flag: json.WriteBooleanValue(flag.Value); break;
            case PickleInt number: json.WriteNumberValue(number.Value); break;
            case PickleFloat number when double.IsFinite(number.Value): json.WriteRawValue(PythonFloat(number.Value)); break;
            case PickleFloat number: Tagged(json, Float, () => json.WriteStringValue(PythonFloat(number.Value))); break;
            case PickleText text: json.WriteStringValue(text.Value); break;
            case PickleDevice device: Tagged(json, Device, () => json.WriteStringValue(device.ToString())); break;
            case PickleGlobal dtype: Tagged(json, Dtype, () => json.WriteStringValue(dtype.Name)); break;
            case PickleTuple tuple: Tagged(json, Tuple, () => Items(json, tuple.Items)); break;
            case PickleList list: Tagged(json, List, () => Items(json, list.Items)); break;
            default: throw new ArgumentException($"{value} is not a simple value.", nameof(value));
        }
    }

    /// <exception cref="FormatException">It is nothing that <see cref="Write"/> writes.</exception>
    public static PickleValue Read(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Null => PickleNone.Value,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => json.GetString()!,
        JsonValueKind.Number => Number(json),
        JsonValueKind.Object when json.EnumerateObject().ToArray() is [var only] => ReadTagged(only.Name, only.Value),
        _ => throw Unknown(json),
    };

    /// <summary>A float as Python writes it: <c>0.001</c>, <c>1e-05</c>, <c>2.0</c>.</summary>
    public static string PythonFloat(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant();
        return double.IsFinite(value) && !text.Contains('.', StringComparison.Ordinal) && !text.Contains('e', StringComparison.Ordinal) ? text + ".0" : text;
    }

    private static bool IsScalar(PickleValue value) => value switch
    {
        PickleNone or PickleBool or PickleInt or PickleFloat or PickleText or PickleDevice => true,
        PickleGlobal { Module: "torch" } global => FloatingPoint().IsMatch(global.Name),
        _ => false,
    };

    private static void Tagged(Utf8JsonWriter json, string tag, Action write)
    {
        json.WriteStartObject();
        json.WritePropertyName(tag);
        write();
        json.WriteEndObject();
    }

    private static void Items(Utf8JsonWriter json, IReadOnlyList<PickleValue> items)
    {
        json.WriteStartArray();
        foreach (PickleValue item in items) Write(json, item);
        json.WriteEndArray();
    }

    private static PickleValue Number(JsonElement json)
    {
        if (json.GetRawText().AsSpan().ContainsAny('.', 'e', 'E')) return json.GetDouble();
        return json.TryGetInt64(out long number) ? number : throw Unknown(json);
    }

    private static PickleValue ReadTagged(string tag, JsonElement json) => (tag, json.ValueKind) switch
    {
        (Tuple, JsonValueKind.Array) => new PickleTuple([.. json.EnumerateArray().Select(Read)]),
        (List, JsonValueKind.Array) => new PickleList([.. json.EnumerateArray().Select(Read)]),
        (Float, JsonValueKind.String) when json.GetString() is "nan" or "infinity" or "-infinity" => double.Parse(json.GetString()!, CultureInfo.InvariantCulture),
        (Dtype, JsonValueKind.String) when FloatingPoint().IsMatch(json.GetString()!) => new PickleGlobal("torch", json.GetString()!),
        (Device, JsonValueKind.String) when DeviceName().Match(json.GetString()!) is { Success: true } match => new PickleDevice(
            match.Groups["type"].Value, match.Groups["index"].Success ? long.Parse(match.Groups["index"].Value, CultureInfo.InvariantCulture) : null),
        _ => throw Unknown(json),
    };

    private static FormatException Unknown(JsonElement json) => new($"a value of kind {json.ValueKind} is not what was written");

    [GeneratedRegex(@"^b?float[0-9]{1,3}\z")]
    private static partial Regex FloatingPoint();

    [GeneratedRegex(@"^(?<type>[a-z]{1,16})(:(?<index>[0-9]{1,4}))?\z")]
    private static partial Regex DeviceName();
}
