using System.Buffers.Binary;
using Mxd.Formats;
using Mxd.Runtime;
using Parquet;
using Parquet.Meta;
using Parquet.Schema;

namespace Mxd.Corpora;

/// <summary>Parquet files: the text is a column of strings, a label one of any simple kind; one row group of them is held at a time.</summary>
internal sealed class ParquetTextReader : IDocumentReader
{
    /// <summary>Writers make groups of a million at most; each row takes 20 bytes of memory before any is read.</summary>
    private const int MostRows = 1 << 26;

    /// <summary>PAR1 at the start; the footer's length and PAR1 at the end.</summary>
    private const int StartBytes = 4, EndBytes = 8;

    public IEnumerable<Document> Read(string path, DocumentFields fields, BadRows? bad, CancellationToken cancellation)
    {
        using FileStream stream = TextFilePath.OpenRaw(path);
        RequireFooter(stream);
        // Many times what it takes: a minute, and a second a megabyte.
        TimeSpan limit = TimeSpan.FromSeconds(60 + (stream.Length >> 20));
        ParquetReader file = Decode(() => ParquetReader.CreateAsync(stream, cancellationToken: cancellation), limit, cancellation);
        try
        {
            DataField text = ParquetColumns.FindText(file.Schema, path, fields.Text);
            DataField? label = fields.Label is { } name ? ParquetColumns.FindLabel(file.Schema, path, name) : null;
            IReadOnlyList<string> names = label is null ? [] : ParquetColumns.ClassNames(file.CustomMetadata, fields.Label!);
            long row = 0;
            for (int group = 0; group < file.RowGroupCount; group++)
            {
                IEnumerable<string?> texts = ReadGroup(file, group, text, stream.Length, limit, cancellation);
                IEnumerable<(string? Text, string? Label)> rows = label is null
                    ? texts.Select(value => (value, (string?)null))
                    : texts.Zip(ReadGroup(file, group, label, stream.Length, limit, cancellation));
                foreach ((string? value, string? mark) in rows)
                {
                    row++;
                    string? missing = value is null ? fields.Text : label is not null && mark is null ? fields.Label : null;
                    if (missing is null) yield return new Document(value!, path, row, mark is null ? null : ParquetColumns.NameOf(mark, names));
                    else if (bad is null) throw new MxdInputException($"{path}, row {row} has null under {Shown.Name(missing)}; it must be a {(missing == fields.Text ? "string" : "label")}: pass over such rows with --skip-bad.");
                    else bad.Add($"{path}, row {row} has null under {Shown.Name(missing)}.");
                }
            }
            if (row == 0) throw new MxdInputException($"{path} has no rows: name a file with text in it.");
        }
        finally
        {
            Task.Run(() => file.DisposeAsync().AsTask(), CancellationToken.None).GetAwaiter().GetResult();
        }
    }

    public void Check(string path, DocumentFields fields, BadRows? bad, CancellationToken cancellation) => _ = Read(path, fields, bad, cancellation).FirstOrDefault();

    private static IEnumerable<string?> ReadGroup(ParquetReader file, int group, DataField column, long fileBytes, TimeSpan limit, CancellationToken cancellation)
    {
        using ParquetRowGroupReader reader = file.OpenRowGroupReader(group);
        if (reader.RowCount is < 0 or > MostRows)
            throw new InvalidDataException($"row group {group + 1} has {reader.RowCount} rows; at most {MostRows} are read: write smaller groups");
        RequireInside(reader.GetMetadata(column)?.MetaData, reader.RowCount, fileBytes);
        return Decode(() => ParquetColumns.ReadAsync(reader, column, cancellation), limit, cancellation);
    }

    /// <summary>The footer ends with a byte 0 (Thrift's end of a structure): without it, the library reads on for ever.</summary>
    private static void RequireFooter(FileStream stream)
    {
        Span<byte> end = stackalloc byte[1 + EndBytes];
        if (stream.Length < StartBytes + end.Length) throw new InvalidDataException($"it has only {stream.Length} bytes");
        stream.Position = stream.Length - end.Length;
        stream.ReadExactly(end);
        stream.Position = 0;
        int length = BinaryPrimitives.ReadInt32LittleEndian(end[1..]);
        if (!end[5..].SequenceEqual("PAR1"u8) || end[0] != 0 || length <= 0 || length > stream.Length - StartBytes - EndBytes)
            throw new InvalidDataException("it has no whole footer at its end");
    }

    /// <summary>What the footer says of a column must fit the file.</summary>
    private static void RequireInside(ColumnMetaData? column, long rows, long fileBytes)
    {
        if (column is null) throw new InvalidDataException("a row group does not say where its column is");
        if (column.NumValues != rows) throw new InvalidDataException($"a column of {column.NumValues} values in a group of {rows} rows");
        long start = column.DictionaryPageOffset is > 0 and var dictionary ? Math.Min(dictionary, column.DataPageOffset) : column.DataPageOffset;
        if (start < StartBytes || column.TotalCompressedSize < 0 || column.TotalCompressedSize > fileBytes - EndBytes - start)
            throw new InvalidDataException($"a column of {column.TotalCompressedSize} bytes from byte {start} in a file of {fileBytes}");
    }

    /// <summary>On another thread: the caller's may be one that the library's tasks wait for, and some damage is decoded for ever. Such a
    /// thread is left behind, to end when it next reads the file, which is then closed, or with the process.</summary>
    internal static T Decode<T>(Func<Task<T>> decode, TimeSpan limit, CancellationToken cancellation)
    {
        try
        {
            return Task.Run(decode, cancellation).WaitAsync(limit, cancellation).GetAwaiter().GetResult();
        }
        catch (TimeoutException e)
        {
            throw new InvalidDataException("decoding it does not end", e);
        }
    }
}
