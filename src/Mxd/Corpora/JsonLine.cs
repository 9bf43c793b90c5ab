using System.Text;
using System.Text.Json;
using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Corpora;

/// <summary>Takes the text and the label out of one line, and says where a line is not what it should be. Of fields named twice, the last counts.</summary>
internal readonly record struct JsonLine(string Path, long Number)
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 1000 };

    /// <summary>The string under a field.</summary>
    public string ReadText(ReadOnlySpan<byte> line, string field) => Read(line, new Wanted(field, "a string", "choose the one that holds the text", IsOnlyString: true));

    /// <summary>The string, number or truth value under a field, as it is written.</summary>
    public string ReadLabel(ReadOnlySpan<byte> line, string field) =>
        Read(line, new Wanted(field, "a string, a number or a boolean: mend it, or pass over such lines with --skip-bad", "choose the one that holds the label by --label, or pass over such lines with --skip-bad", IsOnlyString: false));

    private string Read(ReadOnlySpan<byte> line, Wanted wanted)
    {
        int invalid = Utf8Text.FindInvalid(line);
        if (invalid >= 0) throw new MxdInputException($"{Path}, line {Number}: byte {invalid + 1} of the line is not UTF-8: save the file as UTF-8.");
        try
        {
            return Find(line, wanted);
        }
        catch (JsonException e)
        {
            int position = (int)Math.Min(e.BytePositionInLine ?? 0, line.Length);
            throw new MxdInputException(
                $"{Path}, line {Number} is not JSON at byte {position + 1}: expected an object with the field {Shown.Name(wanted.Field)}, the line begins {Beginning(line)}: put one JSON object on each line.", e);
        }
    }

    private string Find(ReadOnlySpan<byte> line, Wanted wanted)
    {
        var reader = new Utf8JsonReader(line, Options);
        reader.Read();
        JsonTokenType whole = reader.TokenType;
        string? found = null;
        JsonTokenType? wrong = null;
        while (whole == JsonTokenType.StartObject && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isWanted = reader.ValueTextEquals(wanted.Field);
            reader.Read();
            if (isWanted)
            {
                found = Value(ref reader, wanted);
                wrong = found is null ? reader.TokenType : null;
            }
            reader.Skip();
        }
        // Reads on to the end of the line, so that anything after the object is found to be wrong.
        while (reader.Read()) { }

        if (whole != JsonTokenType.StartObject) throw Wrong($"is {Kind(whole)}; it must be an object with the field {Shown.Name(wanted.Field)}");
        if (wrong is { } kind) throw Wrong($"has {Kind(kind)} under {Shown.Name(wanted.Field)}; it must be {wanted.Expected}");
        return found ?? throw Wrong($"has no field {Shown.Name(wanted.Field)}; {Fields(line, wanted.IfMissing)}");
    }

    /// <summary>The value the reader stands on; null where it is of another kind.</summary>
    private static string? Value(ref Utf8JsonReader reader, Wanted wanted) => reader.TokenType switch
    {
        JsonTokenType.String => JsonText.Read(ref reader),
        JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False when !wanted.IsOnlyString => Encoding.UTF8.GetString(reader.ValueSpan),
        _ => null,
    };

    private MxdInputException Wrong(string what) => new($"{Path}, line {Number} {what}.");

    private static string Fields(ReadOnlySpan<byte> line, string hint)
    {
        var names = new List<string>();
        var reader = new Utf8JsonReader(line, Options);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            names.Add(Shown.Name(JsonText.Read(ref reader)));
            reader.Skip();
        }
        return names.Count == 0 ? "it has none" : $"its fields are {string.Join(", ", names)}: {hint}";
    }

    private static string Kind(JsonTokenType type) => type switch
    {
        JsonTokenType.StartArray => "an array",
        JsonTokenType.StartObject => "an object",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "a boolean",
    };

    private static string Beginning(ReadOnlySpan<byte> line)
    {
        const int Most = 40;
        string text = Encoding.UTF8.GetString(line[..Math.Min(line.Length, 4 * Most)]);
        return Shown.Name(text.Length > Most ? text[..Most] + "…" : text);
    }

    /// <summary>What is looked for in a line.</summary>
    /// <param name="Field">Where.</param>
    /// <param name="Expected">What must stand there, and what to do where something else does.</param>
    /// <param name="IfMissing">What to do where there is no such field.</param>
    /// <param name="IsOnlyString">Is nothing but a string taken?</param>
    private readonly record struct Wanted(string Field, string Expected, string IfMissing, bool IsOnlyString);
}
