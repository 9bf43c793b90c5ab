using System.Text;
using System.Text.Json;
using Mxd.Runtime;

namespace Mxd.Interchange;

/// <summary>
/// The fields of another project's <c>cfg.json</c>, read strictly: a value of the wrong kind, or one that is not known, is an error that
/// names the field, the value, and what would be understood.
/// </summary>
internal sealed class ForeignConfig
{
    /// <summary>Characters of a configuration; the real ones have some hundreds.</summary>
    private const int Longest = 1 << 20;

    private readonly string prefix;
    private readonly Dictionary<string, JsonElement> fields;

    private ForeignConfig(string location, string prefix, string text, JsonElement fields)
    {
        Location = location;
        this.prefix = prefix;
        Text = text;
        this.fields = fields.EnumerateObject().ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal);
    }

    /// <summary>The file, for errors.</summary>
    public string Location { get; }

    /// <summary>The whole file, letter by letter.</summary>
    public string Text { get; }

    public IEnumerable<string> Names => fields.Keys;

    /// <exception cref="MxdInputException">The file is not a JSON object in UTF-8, or is absurdly long.</exception>
    public static ForeignConfig Open(string path)
    {
        if (new FileInfo(path).Length > Longest) throw new MxdInputException($"{path} is longer than {Longest} bytes, which no layer's configuration is.");
        try
        {
            return Parse(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(path)), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            throw new MxdInputException($"{path} cannot be read: {OneLine.Of(e)}.", e);
        }
    }

    public static ForeignConfig Parse(string text, string location)
    {
        try
        {
            // Of two fields of one name, different readers take different ones.
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            RequireText(document.RootElement);
            if (document.RootElement.ValueKind == JsonValueKind.Object) return new ForeignConfig(location, "", text, document.RootElement.Clone());
        }
        catch (InvalidOperationException e)
        {
            throw new MxdInputException($"{location} has text that is not valid Unicode: {OneLine.Of(e)}.", e);
        }
        catch (JsonException e)
        {
            throw new MxdInputException($"{location} is not valid JSON: {OneLine.Of(e)}.", e);
        }
        throw new MxdInputException($"{location} is not a JSON object, which a configuration is.");
    }

    /// <summary>A field that is an object; null where it is absent.</summary>
    public ForeignConfig? Section(string name)
    {
        if (Find(name) is not { } value) return null;
        return value.ValueKind == JsonValueKind.Object ? new ForeignConfig(Location, $"{prefix}{name}.", Text, value) : throw Wrong(name, "an object is expected");
    }

    public bool Has(string name) => Find(name) is not null;

    /// <summary>The field as it is written; "absent" where it is not.</summary>
    public string Shown(string name)
    {
        if (!fields.TryGetValue(name, out JsonElement value)) return "absent";
        return value.ValueKind == JsonValueKind.String ? Formats.Shown.Name(value.GetString()!) : Formats.Shown.Name(value.GetRawText()).Trim('\'');
    }

    /// <summary>A whole number of at least <paramref name="least"/>; <paramref name="standard"/> where it is absent.</summary>
    public long Whole(string name, long? standard = null, long least = 1, long most = long.MaxValue)
    {
        if (Find(name) is not { } value) return standard ?? throw Absent(name, "a whole number");
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= least && number <= most) return number;
        string range = most == long.MaxValue ? $"of at least {least}" : $"from {least} to {most}";
        throw Wrong(name, $"a whole number {range} is expected");
    }

    /// <summary>True or false; <paramref name="standard"/> where it is absent.</summary>
    public bool Flag(string name, bool? standard = null)
    {
        if (Find(name) is not { } value) return standard ?? throw Absent(name, "true or false");
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(name, "true or false is expected");
    }

    /// <summary>One of the known names; <paramref name="standard"/> where it is absent.</summary>
    public string Choice(string name, IReadOnlyList<string> known, string? standard = null)
    {
        if (Find(name) is not { } value) return standard ?? throw Absent(name, $"one of {string.Join(", ", known)}");
        return value.ValueKind == JsonValueKind.String && known.Contains(value.GetString()!)
            ? value.GetString()!
            : throw Wrong(name, known.Count == 1 ? $"{known[0]} alone is known here" : $"known here are {string.Join(", ", known)}");
    }

    /// <summary>Text, or null where it is absent.</summary>
    public string? Words(string name)
    {
        if (Find(name) is not { } value) return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, "text is expected");
    }

    /// <summary>Is a switch off: absent, null, false, zero, "none" or empty?</summary>
    public bool IsOff(string name) => Find(name) is not { } value || value.ValueKind switch
    {
        JsonValueKind.False => true,
        JsonValueKind.String => value.GetString() is "" or "none",
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.Number => value.TryGetDouble(out double number) && number == 0,
        _ => false,
    };

    public bool IsTrue(string name) => Find(name) is { ValueKind: JsonValueKind.True };

    /// <summary>An error about a field: "cfg.json: k is 0; ...".</summary>
    public MxdInputException Wrong(string name, string rule) => new($"{Location}: {prefix}{name} is {Shown(name)}; {rule}.");

    /// <summary>Half a surrogate pair is valid JSON and no text: asking for it throws <see cref="InvalidOperationException"/>, here and not later.</summary>
    private static void RequireText(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String) value.GetString();
        if (value.ValueKind == JsonValueKind.Array)
            foreach (JsonElement item in value.EnumerateArray()) RequireText(item);
        if (value.ValueKind != JsonValueKind.Object) return;
        foreach (JsonProperty property in value.EnumerateObject())
        {
            ArgumentNullException.ThrowIfNull(property.Name);
            RequireText(property.Value);
        }
    }

    private MxdInputException Absent(string name, string expected) => new($"{Location} has no {prefix}{name}; {expected} is expected.");

    /// <summary>Null counts as absent, as it does in Python's own reading of optional fields.</summary>
    private JsonElement? Find(string name) => fields.TryGetValue(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
