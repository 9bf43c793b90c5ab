using Mxd.Formats;
using Mxd.Runtime;
using Parquet;
using Parquet.Schema;

namespace Mxd.Corpora;

/// <summary>Parquet files: the text is a column of strings, one row group of which is held at a time.</summary>
internal sealed class ParquetTextReader : IDocumentReader
{
    /// <summary>A row takes more of the file than this share of a byte, unless its header lies.</summary>
    private const long MostRowsAByte = 64;

    public IEnumerable<Document> Read(string path, string textField, BadRows? bad)
    {
        using FileStream stream = TextFilePath.OpenRaw(path);
        ParquetReader file = ParquetReader.CreateAsync(stream).GetAwaiter().GetResult();
        try
        {
            DataField column = Find(file.Schema, path, textField);
            long row = 0;
            for (int group = 0; group < file.RowGroupCount; group++)
                foreach (string? text in ReadGroup(file, group, column, stream.Length))
                {
                    row++;
                    if (text is not null) yield return new Document(text, path, row);
                    else if (bad is null) throw new MxdInputException($"{path}, row {row} has null under {Shown.Name(textField)}; it must be a string: pass over such rows with --skip-bad.");
                    else bad.Add($"{path}, row {row} has null under {Shown.Name(textField)}.");
                }
            if (row == 0) throw new MxdInputException($"{path} has no rows: name a file with text in it.");
        }
        finally
        {
            file.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    public void Check(string path, string textField, BadRows? bad) => _ = Read(path, textField, bad).FirstOrDefault();

    /// <summary>The column's values in their order, null for a row that has none: only the others are stored.</summary>
    private static IEnumerable<string?> ReadGroup(ParquetReader file, int group, DataField column, long fileBytes)
    {
        using ParquetRowGroupReader reader = file.OpenRowGroupReader(group);
        if (reader.RowCount < 0 || reader.RowCount > MostRowsAByte * fileBytes)
            throw new InvalidDataException($"a row group of {reader.RowCount} rows in {fileBytes} bytes");
        var values = new ReadOnlyMemory<char>[reader.RowCount];
        int[]? levels = column.MaxDefinitionLevel > 0 ? new int[reader.RowCount] : null;
        reader.ReadRawAsync<ReadOnlyMemory<char>>(column, values, levels?.AsMemory(), null).AsTask().GetAwaiter().GetResult();
        int next = 0;
        foreach (int row in Enumerable.Range(0, values.Length))
            yield return levels is null || levels[row] == column.MaxDefinitionLevel ? values[next++].ToString() : null;
    }

    /// <summary>A column, or a field of a column of structures: <c>translation.en</c>.</summary>
    private static DataField Find(ParquetSchema schema, string path, string textField)
    {
        DataField[] fields = schema.GetDataFields();
        DataField? found = Array.Find(fields, field => Name(field) == textField);
        if (found is not null && IsText(found)) return found;
        string columns = string.Join(", ", fields.Where(IsText).Select(f => Shown.Name(Name(f))));
        string hint = columns.Length == 0 ? "it has no column of strings" : $"its columns of strings are {columns}: choose one by --text-field";
        throw new MxdInputException(found is null
            ? $"{path} has no column {Shown.Name(textField)}; {hint}."
            : $"{path} has no strings in the column {Shown.Name(textField)}; {hint}.");
    }

    /// <summary>One string a row.</summary>
    private static bool IsText(DataField field) => field is { MaxRepetitionLevel: 0 } && field.ClrType == typeof(ReadOnlyMemory<char>);

    private static string Name(DataField field) => string.Join('.', field.Path.ToList());
}
