using System.Text;
using System.Text.Json;

namespace Mxd.Chat;

/// <summary>Finds JSON in what a language model says, which may put it into a sentence or a fenced block.</summary>
public static class AnswerJson
{
    /// <summary>The last JSON object of the text, or within one, that has all these properties, which thinking aloud before it does not change; null where there is none.</summary>
    public static JsonElement? Find(string text, params ReadOnlySpan<string> properties)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        JsonElement? found = null;
        for (int at = 0; at < utf8.Length; at++)
        {
            if (utf8[at] != (byte)'{' || Read(utf8.AsSpan(at), out int length) is not { } value) continue;
            found = Within(value, properties) ?? found;
            at += length - 1;
        }
        return found;
    }

    /// <summary>The value itself, or the last object in it, that has all properties. Each value is looked at once, and no parsed text is deeper than 64.</summary>
    private static JsonElement? Within(JsonElement value, ReadOnlySpan<string> properties)
    {
        JsonElement? found = null;
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in value.EnumerateArray()) found = Within(item, properties) ?? found;
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            bool hasAll = true;
            foreach (string property in properties) hasAll &= value.TryGetProperty(property, out _);
            if (hasAll) return value;
            foreach (JsonProperty member in value.EnumerateObject()) found = Within(member.Value, properties) ?? found;
        }
        return found;
    }

    /// <summary>A number from 0 to 1; null where the property is anything else.</summary>
    public static double? Share(JsonElement value, string property) =>
        value.TryGetProperty(property, out JsonElement number) && number.ValueKind == JsonValueKind.Number && number.TryGetDouble(out double share) && share is >= 0 and <= 1 ? share : null;

    private static JsonElement? Read(ReadOnlySpan<byte> utf8, out int length)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { AllowTrailingCommas = true });
        length = 0;
        try
        {
            if (!JsonDocument.TryParseValue(ref reader, out JsonDocument? document)) return null;
            using (document)
            {
                length = (int)reader.BytesConsumed;
                return document.RootElement.Clone();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
