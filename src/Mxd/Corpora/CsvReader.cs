using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;
using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Corpora;

/// <summary>Comma-separated values (RFC 4180, UTF-8): the first row names the columns, any other is a document.</summary>
internal sealed class CsvReader : IDocumentReader
{
    /// <summary>Longer values come of a quote that is not closed.</summary>
    private const int LongestField = 1 << 28;

    /// <summary>Stands for bytes that are not UTF-8, so that their row is known; it is no character, and no text should have it.</summary>
    private const char NotUtf8 = '\uFFFF';

    private static readonly Encoding utf8 = Encoding.GetEncoding("utf-8", EncoderFallback.ExceptionFallback, new DecoderReplacementFallback($"{NotUtf8}"));

    public IEnumerable<Document> Read(string path, DocumentFields fields, BadRows? bad, CancellationToken cancellation)
    {
        using Stream stream = TextFilePath.Open(path);
        // With detection, a byte order mark would bring in an encoding that replaces bad bytes quietly.
        using var text = new StreamReader(stream, utf8, detectEncodingFromByteOrderMarks: false);
        bool isBroken = false;
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture) { BadDataFound = _ => isBroken = true, MaxFieldSize = LongestField };
        using var rows = new CsvParser(text, configuration);
        if (!Next(rows, path)) throw new MxdInputException($"{path} holds no row: its first must name the columns.");
        string[] columns = rows.Record!;
        if (Problem(rows, isBroken) is { } ofFirst) throw new MxdInputException($"{path}, row 1 {ofFirst}: mend it; it must name the columns.");
        int column = Find(path, columns, fields.Text, "text", "--text-field");
        int? label = fields.Label is { } name ? Find(path, columns, name, "label", "--label") : null;
        while (Next(rows, path))
        {
            cancellation.ThrowIfCancellationRequested();
            isBroken = false;
            // Quotes are looked at when a value is asked for: all are, before it is said whether the row is broken.
            string[] values = rows.Record!;
            string? problem = Problem(rows, isBroken) ?? (values.Length != columns.Length ? $"has {values.Length} values, but there are {columns.Length} columns" : null);
            if (problem is null) yield return new Document(values[column], path, rows.Row, label is { } at ? values[at] : null);
            else if (bad is null) throw new MxdInputException($"{path}, row {rows.Row} {problem}: mend it, or pass over such rows with --skip-bad.");
            else bad.Add($"{path}, row {rows.Row} {problem}.");
        }
    }

    public void Check(string path, DocumentFields fields, BadRows? bad, CancellationToken cancellation) => _ = Read(path, fields, bad, cancellation).FirstOrDefault();

    private static int Find(string path, string[] columns, string name, string what, string option)
    {
        int column = Array.IndexOf(columns, name);
        return column >= 0
            ? column
            : throw new MxdInputException($"{path} has no column {Shown.Name(name)}; its columns are {string.Join(", ", columns.Select(c => Shown.Name(c)))}: choose the one that holds the {what} by {option}.");
    }

    private static string? Problem(CsvParser rows, bool isBroken)
    {
        ReadOnlySpan<char> raw = rows.RawRecord;
        if (raw.Contains(NotUtf8)) return "has bytes that are not UTF-8";
        // The file may end within quotes.
        return isBroken || raw.Count('"') % 2 > 0 ? "has a quote where none may be, or one that is not closed" : null;
    }

    private static bool Next(CsvParser rows, string path)
    {
        try
        {
            return rows.Read();
        }
        catch (CsvHelperException e)
        {
            throw new MxdInputException($"{path}, row {rows.Row}: {OneLine.Of(e)}", e);
        }
    }
}
