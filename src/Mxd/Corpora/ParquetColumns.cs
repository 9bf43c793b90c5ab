using System.Globalization;
using System.Text.Json;
using Mxd.Formats;
using Mxd.Runtime;
using Parquet;
using Parquet.Schema;

namespace Mxd.Corpora;

/// <summary>Columns of parquet files that hold texts and labels, by name: a column, or a field of a column of structures (<c>translation.en</c>).</summary>
internal static class ParquetColumns
{
    /// <exception cref="MxdInputException">There is no such column, or it holds no strings.</exception>
    public static DataField FindText(ParquetSchema schema, string path, string name) =>
        Find(schema, path, name, new Wanted("strings", "--text-field", field => field.ClrType == typeof(ReadOnlyMemory<char>)));

    /// <exception cref="MxdInputException">There is no such column, or its values are neither strings nor whole numbers nor truth values.</exception>
    public static DataField FindLabel(ParquetSchema schema, string path, string name) =>
        Find(schema, path, name, new Wanted("labels", "--label", field => Readers.ContainsKey(field.ClrType)));

    /// <summary>The column's values in their order, null for a row that has none: only the others are stored.</summary>
    public static Task<IEnumerable<string?>> ReadAsync(ParquetRowGroupReader group, DataField column, CancellationToken cancellation) => Readers[column.ClrType](group, column, cancellation);

    /// <summary>
    /// The names of classes that a column has numbers of, as data sets of the hub keep them beside their schema; none where there are no such, or the note is not in that form.
    /// </summary>
    public static IReadOnlyList<string> ClassNames(IReadOnlyDictionary<string, string>? notes, string column)
    {
        if (notes is null || !notes.TryGetValue("huggingface", out string? note)) return [];
        try
        {
            using var json = JsonDocument.Parse(note);
            JsonElement names = json.RootElement.GetProperty("info").GetProperty("features").GetProperty(column).GetProperty("names");
            return [.. names.EnumerateArray().Select(name => name.GetString() ?? "")];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return [];
        }
    }

    /// <summary>The name of a class that has a number; a label that is none of them stays as it is.</summary>
    public static string NameOf(string label, IReadOnlyList<string> names) =>
        int.TryParse(label, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number < names.Count ? names[number] : label;

    private static readonly Dictionary<Type, Func<ParquetRowGroupReader, DataField, CancellationToken, Task<IEnumerable<string?>>>> Readers = new()
    {
        [typeof(ReadOnlyMemory<char>)] = ReadAsync<ReadOnlyMemory<char>>,
        [typeof(sbyte)] = ReadAsync<sbyte>,
        [typeof(byte)] = ReadAsync<byte>,
        [typeof(short)] = ReadAsync<short>,
        [typeof(ushort)] = ReadAsync<ushort>,
        [typeof(int)] = ReadAsync<int>,
        [typeof(uint)] = ReadAsync<uint>,
        [typeof(long)] = ReadAsync<long>,
        [typeof(ulong)] = ReadAsync<ulong>,
        [typeof(bool)] = ReadAsync<bool>,
    };

    private static async Task<IEnumerable<string?>> ReadAsync<T>(ParquetRowGroupReader group, DataField column, CancellationToken cancellation) where T : struct
    {
        var values = new T[group.RowCount];
        int[]? levels = column.MaxDefinitionLevel > 0 ? new int[group.RowCount] : null;
        await group.ReadRawAsync<T>(column, values, levels?.AsMemory(), null, cancellation);
        return Written(values, levels, column.MaxDefinitionLevel);
    }

    /// <summary>One string at a time: those of a whole group would be there twice.</summary>
    private static IEnumerable<string?> Written<T>(T[] values, int[]? levels, int present) where T : struct
    {
        int next = 0;
        for (int row = 0; row < values.Length; row++)
            yield return levels is not null && levels[row] != present ? null
                : values[next++] is var value && value is bool truth ? truth ? "true" : "false" : Convert.ToString(value, CultureInfo.InvariantCulture);
    }

    private static DataField Find(ParquetSchema schema, string path, string name, Wanted wanted)
    {
        DataField[] fields = schema.GetDataFields();
        DataField? found = Array.Find(fields, field => Name(field) == name);
        if (found is not null && IsWanted(found)) return found;
        string columns = string.Join(", ", fields.Where(IsWanted).Select(f => Shown.Name(Name(f))));
        string hint = columns.Length == 0 ? $"it has no column of {wanted.What}" : $"its columns of {wanted.What} are {columns}: choose one by {wanted.Option}";
        throw new MxdInputException(found is null
            ? $"{path} has no column {Shown.Name(name)}; {hint}."
            : $"{path} has no {wanted.What} in the column {Shown.Name(name)}; {hint}.");

        // One value a row.
        bool IsWanted(DataField field) => field.MaxRepetitionLevel == 0 && wanted.IsRead(field);
    }

    private static string Name(DataField field) => string.Join('.', field.Path.ToList());

    private sealed record Wanted(string What, string Option, Func<DataField, bool> IsRead);
}
