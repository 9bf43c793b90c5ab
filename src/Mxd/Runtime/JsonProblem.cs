using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;

namespace Mxd.Runtime;

/// <summary>What is wrong with a JSON document, in words that do not name the types of a program: where, what is expected there, and what is there.</summary>
internal static partial class JsonProblem
{
    private const int LongestShown = 40;

    /// <summary>Half a sentence.</summary>
    /// <param name="error">What reading it threw.</param>
    /// <param name="json">The document.</param>
    /// <param name="type">What it is read as.</param>
    public static string Of(Exception error, string json, Type type)
    {
        string? path = error is JsonException { Path: { } at } ? at : Located().Match(error.Message) is { Success: true } found ? found.Groups[1].Value : null;
        if (!IsJson(json, out string? where)) return where;
        if (Unknown().Match(error.Message) is { Success: true } unknown) return $"the field '{unknown.Groups[1].Value}'{Inside(path, isField: true)} is none that belongs there";
        if (Twice().Match(error.Message) is { Success: true } twice) return $"it has the field '{twice.Groups[1].Value}' twice{Inside(path, isField: true)}";
        if (Missing().Match(error.Message) is { Success: true } missing) return $"it lacks {missing.Groups[1].Value.TrimEnd('.')}{Inside(path, isField: false)}";
        if (Null().Match(error.Message) is { Success: true }) return $"'{Place(path)}' is null, where a value is expected";
        if (error.Message.Contains("could not be converted to", StringComparison.Ordinal)) return $"'{Place(path)}' is {There(json, path)}, where {Expected(TypeAt(path, type))} is expected";
        if (Kind().Match(error.Message) is { Success: true } kind) return $"'{Place(path)}' is of the kind '{kind.Groups[1].Value}', which is none that is known";
        if (error is NotSupportedException || error.Message.Contains("discriminator", StringComparison.Ordinal)) return $"'{Place(path)}' does not say of which known kind it is";
        return OneLine.Of(error);
    }

    /// <summary>Is it JSON at all, and if not, from where on?</summary>
    private static bool IsJson(string json, [NotNullWhen(false)] out string? where)
    {
        where = null;
        try
        {
            using var document = JsonDocument.Parse(json);
            return true;
        }
        catch (JsonException e)
        {
            where = string.IsNullOrWhiteSpace(json) ? "it is empty" : string.Create(CultureInfo.InvariantCulture, $"it is no JSON from line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1} on");
            return false;
        }
    }

    private static string Place(string? path) => path is null or "$" ? "the whole" : path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : path;

    private static string Inside(string? path, bool isField)
    {
        string? outer = isField && path is not null ? path[..Math.Max(1, path.LastIndexOf('.'))] : path;
        return outer is null or "$" ? "" : $" of '{Place(outer)}'";
    }

    /// <summary>What the document has at a path, cut when long.</summary>
    private static string There(string json, string? path)
    {
        JsonNode? node = JsonNode.Parse(json);
        foreach (Match step in Steps().Matches(path ?? ""))
            node = node switch
            {
                JsonObject fields => fields[NameOf(step)],
                JsonArray list when int.TryParse(step.Groups[2].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int place) && place < list.Count => list[place],
                _ => null,
            };
        string text = node is null ? "null" : node is JsonObject ? "an object" : node is JsonArray ? "a list" : node.ToJsonString(Json.Compact);
        return text.Length > LongestShown ? text[..LongestShown] + "…" : text;
    }

    /// <summary>What is read at a path; null where the way there depends on the document.</summary>
    private static Type? TypeAt(string? path, Type type)
    {
        Type? at = type;
        foreach (Match step in Steps().Matches(path ?? ""))
        {
            if (at is null) return null;
            JsonTypeInfo info = Json.Compact.GetTypeInfo(Nullable.GetUnderlyingType(at) ?? at);
            at = info.Kind is JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary
                ? at.IsArray ? at.GetElementType() : at.GetGenericArguments().LastOrDefault()
                : info.Properties.FirstOrDefault(property => property.Name == NameOf(step))?.PropertyType;
        }
        return at;
    }

    private static string NameOf(Match step) => step.Groups[1].Success ? step.Groups[1].Value : step.Groups[3].Value;

    private static string Expected(Type? type)
    {
        if (type is null) return "something else";
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(int)) return $"a whole number of at most {int.MaxValue}";
        if (type == typeof(long)) return "a whole number";
        if (type == typeof(double) || type == typeof(float)) return "a number";
        if (type == typeof(bool)) return "true or false";
        if (type == typeof(string)) return "a text in quotes";
        if (type.IsEnum) return $"one of {string.Join(", ", Enum.GetValues(type).Cast<object>().Select(value => JsonSerializer.Serialize(value, type, Json.Compact)))}";
        return type == typeof(JsonArray) || Json.Compact.GetTypeInfo(type).Kind == JsonTypeInfoKind.Enumerable ? "a list" : "an object";
    }

    [GeneratedRegex(@"The JSON property '(.+?)' could not be mapped")]
    private static partial Regex Unknown();

    [GeneratedRegex("[Dd]uplicate property '(.+?)'")]
    private static partial Regex Twice();

    [GeneratedRegex("type discriminator id '(.+?)'")]
    private static partial Regex Kind();

    [GeneratedRegex("missing required properties including: (.+)")]
    private static partial Regex Missing();

    [GeneratedRegex("doesn't allow (setting )?null values")]
    private static partial Regex Null();

    [GeneratedRegex(@"Path: (\$\S*)")]
    private static partial Regex Located();

    /// <summary>A name, a place in a list, or a name with signs in it.</summary>
    [GeneratedRegex(@"\.([^.\[]+)|\[(\d+)\]|\['(.*?)'\]")]
    private static partial Regex Steps();
}
