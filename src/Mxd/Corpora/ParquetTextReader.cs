using Mxd.Formats;
using Mxd.Runtime;
using Parquet;
using Parquet.Schema;

namespace Mxd.Corpora;

/// <summary>Parquet files: the text is a column of strings, one row group of which is held at a time.</summary>
internal sealed class ParquetTextReader : IDocumentReader
{
    public IEnumerable<Document> Read(string path, string textField, BadRows? bad)
    {
        using FileStream stream = TextFilePath.OpenRaw(path);
        ParquetReader file = ParquetReader.CreateAsync(stream).GetAwaiter().GetResult();
        try
        {
            DataField column = Find(file.Schema, path, textField);
            long row = 0;
            for (int group = 0; group < file.RowGroupCount; group++)
                foreach (string? text in ReadGroup(file, group, column))
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

    private static string?[] ReadGroup(ParquetReader file, int group, DataField column)
    {
        using ParquetRowGroupReader reader = file.OpenRowGroupReader(group);
        var texts = new string?[reader.RowCount];
        reader.ReadAsync(column, texts!.AsMemory()).AsTask().GetAwaiter().GetResult();
        return texts;
    }

    /// <summary>A column, or a field of a column of structures: <c>translation.en</c>.</summary>
    private static DataField Find(ParquetSchema schema, string path, string textField)
    {
        DataField[] fields = schema.GetDataFields();
        DataField? found = Array.Find(fields, field => Name(field) == textField);
        if (found is { ClrType: var type, MaxRepetitionLevel: 0 } && type == typeof(string)) return found;
        string columns = string.Join(", ", fields.Where(f => f.ClrType == typeof(string) && f.MaxRepetitionLevel == 0).Select(f => Shown.Name(Name(f))));
        string hint = columns.Length == 0 ? "it has no column of strings" : $"its columns of strings are {columns}: choose one by --text-field";
        throw new MxdInputException(found is null
            ? $"{path} has no column {Shown.Name(textField)}; {hint}."
            : $"{path} has no strings in the column {Shown.Name(textField)}; {hint}.");
    }

    private static string Name(DataField field) => string.Join('.', field.Path.ToList());
}
