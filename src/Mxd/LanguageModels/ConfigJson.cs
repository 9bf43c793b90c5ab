using System.Text;
using System.Text.Json;
using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.LanguageModels;

/// <summary>
/// A model's <c>config.json</c>, or an object in it. A value is read under any of several names, since configurations were written
/// differently over the years; what a family does not ask for is ignored.
/// </summary>
internal sealed class ConfigJson
{
    private const long LongestFile = 1 << 20;

    /// <summary>Far above every model's sizes, and low enough that no product of two overflows.</summary>
    private const int LargestSize = 1 << 24;

    private readonly JsonElement json;

    private ConfigJson(string location, JsonElement json)
    {
        Location = location;
        this.json = json;
    }

    /// <summary>The file, and the object in it; errors begin with it.</summary>
    public string Location { get; }

    /// <exception cref="MxdInputException">It is not there, too long, or not a JSON object.</exception>
    public static ConfigJson Open(string path)
    {
        if (!File.Exists(path)) throw new MxdInputException($"{path} is missing: a model's folder has a config.json, which says what it is.");
        try
        {
            long length = new FileInfo(path).Length;
            if (length > LongestFile) throw new MxdInputException($"{path} is {length} bytes long; a model's configuration has at most {LongestFile}.");
            ReadOnlyMemory<byte> bytes = File.ReadAllBytes(path);
            if (bytes.Span.StartsWith(Encoding.UTF8.Preamble)) bytes = bytes[Encoding.UTF8.Preamble.Length..];
            using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowTrailingCommas = true });
            CheckTexts(document.RootElement);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new ConfigJson(path, document.RootElement.Clone())
                : throw new MxdInputException($"{path} must hold one JSON object.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new MxdInputException($"{path} cannot be read ({OneLine.Of(e)}): download it again.", e);
        }
    }

    public bool IsEmpty => !json.EnumerateObject().Any();

    public bool Has(string name) => Find([name], out _) is not null;

    /// <summary>The object under a name; null where there is none.</summary>
    public ConfigJson? Section(string name) => Find([name], out _) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } section => new ConfigJson($"{Location}: {name}", section),
        _ => throw Wrong(name, "an object"),
    };

    public int Size(params ReadOnlySpan<string> names) => OptionalSize(names) ?? throw Missing(names);

    public int? OptionalSize(params ReadOnlySpan<string> names)
    {
        if (Find(names, out string found) is not { } value) return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int size) && size is > 0 and <= LargestSize
            ? size
            : throw Wrong(found, $"a whole number from 1 to {LargestSize}");
    }

    public double Number(NumberRange range, params ReadOnlySpan<string> names) => OptionalNumber(range, names) ?? throw Missing(names);

    public double? OptionalNumber(NumberRange range, params ReadOnlySpan<string> names)
    {
        if (Find(names, out string found) is not { } value) return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && range.Contains(number) ? number : throw Wrong(found, range.ToString());
    }

    public bool Flag(string name, bool standard) => Find([name], out _) switch
    {
        null => standard,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Wrong(name, "true or false"),
    };

    public string Text(params ReadOnlySpan<string> names) => OptionalText(names) ?? throw Missing(names);

    public string? OptionalText(params ReadOnlySpan<string> names)
    {
        if (Find(names, out string found) is not { } value) return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(found, "a string");
    }

    /// <summary>Refuses a setting this code does not compute.</summary>
    /// <exception cref="MxdInputException">The flag has another value.</exception>
    public void Require(string name, bool value)
    {
        if (Flag(name, value) != value)
            throw new MxdInputException($"{Location} has {name} = {(value ? "false" : "true")}; only {(value ? "true" : "false")} is supported: use another model.");
    }

    /// <summary>A value that is there and not null.</summary>
    private JsonElement? Find(ReadOnlySpan<string> names, out string found)
    {
        foreach (string name in names)
            if (json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null)
            {
                found = name;
                return value;
            }
        found = names[0];
        return null;
    }

    /// <summary>Text that is not Unicode (half of a surrogate pair) is only found when it is asked for; better here than in the midst of a message.</summary>
    private static void CheckTexts(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String) _ = value.GetString();
        else if (value.ValueKind == JsonValueKind.Array) foreach (JsonElement item in value.EnumerateArray()) CheckTexts(item);
        else if (value.ValueKind == JsonValueKind.Object)
            foreach (JsonProperty property in value.EnumerateObject())
            {
                _ = property.Name;
                CheckTexts(property.Value);
            }
    }

    private MxdInputException Missing(ReadOnlySpan<string> names) =>
        new($"{Location} has no {names[0]}{NearestNames.Hint(names[0], json.EnumerateObject().Select(p => p.Name))}: download the file again, or use another model.");

    private MxdInputException Wrong(string name, string expected) =>
        new($"{Location} has {name} = {Shown.Name(json.GetProperty(name).GetRawText())}; {expected} is expected: download the file again, or use another model.");
}
