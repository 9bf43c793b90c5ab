using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Mxd.Runtime;

/// <summary>
/// One way of writing and reading JSON: snake_case names, unknown keys refused, absent required ones named. What is null is not written, so what may be
/// null may be absent.
/// </summary>
public static class Json
{
    public static JsonSerializerOptions Compact { get; } = Create(indented: false);

    public static JsonSerializerOptions Indented { get; } = Create(indented: true);

    /// <summary>Reads a record.</summary>
    /// <param name="json">The text.</param>
    /// <param name="what">What it is, for the error: "run.json".</param>
    /// <exception cref="MxdInputException">Not JSON, an unknown key, or a missing one.</exception>
    public static T Read<T>(string json, string what)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Compact) ?? throw new MxdInputException($"{what} is empty where an object is expected.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new MxdInputException($"{what} cannot be read: {JsonProblem.Of(e, json, typeof(T))}.", e);
        }
    }

    private static JsonSerializerOptions Create(bool indented) => new()
    {
        WriteIndented = indented,
        AllowDuplicateProperties = false,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        AllowOutOfOrderMetadataProperties = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new FiniteOrNull() },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { NullsMayBeAbsent } },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>What is null is not written, and so need not be there.</summary>
    private static void NullsMayBeAbsent(JsonTypeInfo type)
    {
        foreach (JsonPropertyInfo property in type.Properties)
            if (property.AssociatedParameter is { } parameter && (parameter.IsNullable || Nullable.GetUnderlyingType(property.PropertyType) is not null)) property.IsRequired = false;
    }

    /// <summary>JSON has no NaN and no infinity: a number that is undefined (a standard error over one context) is null.</summary>
    private sealed class FiniteOrNull : JsonConverter<double>
    {
        public override bool HandleNull => true;

        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Null ? double.NaN : reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value)) writer.WriteNumberValue(value);
            else writer.WriteNullValue();
        }
    }
}
