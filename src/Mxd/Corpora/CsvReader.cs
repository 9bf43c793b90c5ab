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

    public IEnumerable<Document> Read(string path, string textField, BadRows? bad, CancellationToken cancellation)
    {
        using Stream stream = TextFilePath.Open(path);
        using var text = new StreamReader(stream, new UTF8Encoding(false, throwOnInvalidBytes: true));
        bool isBroken = false;
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture) { BadDataFound = _ => isBroken = true, MaxFieldSize = LongestField };
        using var rows = new CsvParser(text, configuration);
        if (!Next(rows, path)) throw new MxdInputException($"{path} holds no row: its first must name the columns.");
        string[] columns = rows.Record!;
        int column = Array.IndexOf(columns, textField);
        if (column < 0)
            throw new MxdInputException($"{path} has no column {Shown.Name(textField)}; its columns are {string.Join(", ", columns.Select(c => Shown.Name(c)))}: choose the one that holds the text by --text-field.");
        isBroken = false;
        while (Next(rows, path))
        {
            string? problem = isBroken ? "has a quote where none may be" : rows.Count != columns.Length ? $"has {rows.Count} values, but there are {columns.Length} columns" : null;
            isBroken = false;
            if (problem is null) yield return new Document(rows[column], path, rows.Row);
            else if (bad is null) throw new MxdInputException($"{path}, row {rows.Row} {problem}: mend it, or pass over such rows with --skip-bad.");
            else bad.Add($"{path}, row {rows.Row} {problem}.");
        }
    }

    public void Check(string path, string textField, BadRows? bad, CancellationToken cancellation) => _ = Read(path, textField, bad, cancellation).FirstOrDefault();

    private static bool Next(CsvParser rows, string path)
    {
        try
        {
            return rows.Read();
        }
        catch (DecoderFallbackException e)
        {
            throw new MxdInputException($"{path}, after row {rows.Row}: there are bytes that are not UTF-8: save the file as UTF-8.", e);
        }
        catch (CsvHelperException e)
        {
            throw new MxdInputException($"{path}, row {rows.Row}: {OneLine.Of(e)}", e);
        }
    }
}
