using System.Text;
using System.Text.Json;
using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Corpora;

/// <summary>Takes the text out of one line, and says where a line is not what it should be. Of fields named twice, the last counts.</summary>
internal readonly record struct JsonLine(string Path, long Number, string TextField)
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 1000 };

    public string ReadText(ReadOnlySpan<byte> line)
    {
        int invalid = Utf8Text.FindInvalid(line);
        if (invalid >= 0) throw new MxdInputException($"{Path}, line {Number}: byte {invalid + 1} of the line is not UTF-8: save the file as UTF-8.");
        try
        {
            return FindText(line);
        }
        catch (JsonException e)
        {
            int position = (int)Math.Min(e.BytePositionInLine ?? 0, line.Length);
            throw new MxdInputException(
                $"{Path}, line {Number} is not JSON at byte {position + 1}: expected an object with the field {Shown.Name(TextField)}, the line begins {Beginning(line)}: put one JSON object on each line.", e);
        }
    }

    private string FindText(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line, Options);
        reader.Read();
        JsonTokenType whole = reader.TokenType;
        string? text = null;
        JsonTokenType? wrong = null;
        while (whole == JsonTokenType.StartObject && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isText = reader.ValueTextEquals(TextField);
            reader.Read();
            if (isText)
            {
                wrong = reader.TokenType == JsonTokenType.String ? null : reader.TokenType;
                text = wrong is null ? JsonText.Read(ref reader) : null;
            }
            reader.Skip();
        }
        // Reads on to the end of the line, so that anything after the object is found to be wrong.
        while (reader.Read()) { }

        if (whole != JsonTokenType.StartObject) throw Wrong($"is {Kind(whole)}; it must be an object with the field {Shown.Name(TextField)}");
        if (wrong is { } kind) throw Wrong($"has {Kind(kind)} under {Shown.Name(TextField)}; it must be a string");
        return text ?? throw Wrong($"has no field {Shown.Name(TextField)}; {Fields(line)}");
    }

    private MxdInputException Wrong(string what) => new($"{Path}, line {Number} {what}.");

    private static string Fields(ReadOnlySpan<byte> line)
    {
        var names = new List<string>();
        var reader = new Utf8JsonReader(line, Options);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            names.Add(Shown.Name(JsonText.Read(ref reader)));
            reader.Skip();
        }
        return names.Count == 0 ? "it has none" : $"its fields are {string.Join(", ", names)}: choose the one that holds the text";
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
}
