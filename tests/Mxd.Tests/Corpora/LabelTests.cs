using Mxd.Corpora;
using Parquet;
using Parquet.Schema;

namespace Mxd.Tests.Corpora;

/// <summary>Labels beside texts, in every kind of file that has fields.</summary>
public sealed class LabelTests : IDisposable
{
    private readonly CorpusFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void OfJsonLines_AreStringsNumbersAndTruthValues()
    {
        string path = folder.Write("data.jsonl", "{\"text\": \"x\", \"kind\": \"é\"}\n{\"kind\": 3, \"text\": \"y\"}\n{\"text\": \"z\", \"kind\": false}\n{\"text\": \"w\", \"kind\": -1.50}\n");
        Assert.Equal([("x", "é"), ("y", "3"), ("z", "false"), ("w", "-1.50")], Read(path));
        Assert.All(TextFiles.Read([path]), document => Assert.Null(document.Label));
    }

    [Theory]
    [InlineData("[1]", "an array")]
    [InlineData("{}", "an object")]
    [InlineData("null", "null")]
    public void OfOtherKinds_AreRefused(string label, string kind)
    {
        string path = folder.Write("data.jsonl", $"{{\"text\": \"x\", \"kind\": {label}}}\n");
        Assert.Equal($"data.jsonl, line 1 has {kind} under 'kind'; it must be a string, a number or a boolean: mend it, or pass over such lines with --skip-bad.", folder.Message(() => Read(path)));
    }

    [Fact]
    public void OfCsv_AreColumns()
    {
        string path = folder.Write("data.csv", "kind,text\na,\"x, y\"\nb,z\n");
        Assert.Equal([("x, y", "a"), ("z", "b")], Read(path));
        Assert.Equal(
            "data.csv has no column 'sort'; its columns are 'kind', 'text': choose the one that holds the label by --label.",
            folder.Message(() => _ = TextFiles.Read([path], labelField: "sort").Count()));
    }

    [Fact]
    public void OfPlainText_ThereAreNone() =>
        Assert.Equal("a.txt is one document without fields, and has no label 'kind': write texts and labels to a .jsonl or .csv file.", folder.Message(() => Read(folder.Write("a.txt", "x"))));

    [Fact]
    public void OfParquet_AreStringsNumbersAndTruthValues()
    {
        Assert.Equal([("x", "a"), ("y", "b")], Read(Parquet(new DataField<string>("kind"), ["a", "b"])));
        Assert.Equal([("x", "1"), ("y", "0")], Read(Parquet(new DataField<long>("kind"), [1, 0])));
        Assert.Equal([("x", "true"), ("y", "false")], Read(Parquet(new DataField<bool>("kind"), [true, false])));
        Assert.StartsWith("data.parquet has no labels in the column 'kind'; its columns of labels are 'text'", folder.Message(() => Read(Parquet(new DataField<double>("kind"), [1.5, 2.5]))), StringComparison.Ordinal);
    }

    /// <summary>As data sets of the hub have it: a number a row, and the names of the classes in a note beside the schema.</summary>
    [Fact]
    public void OfParquetWithNames_AreNames()
    {
        const string Note = """{"info": {"features": {"text": {"dtype": "string"}, "kind": {"names": ["World", "Sports"], "_type": "ClassLabel"}}}}""";
        Assert.Equal([("x", "Sports"), ("y", "World")], Read(Parquet(new DataField<long>("kind"), [1, 0], Note)));
        Assert.Equal([("x", "7"), ("y", "-1")], Read(Parquet(new DataField<long>("kind"), [7, -1], Note)));
        foreach (string note in new[] { "[]", "{\"info\": 3}", "{", "{\"info\": {\"features\": {\"kind\": {\"names\": 5}}}}" })
            Assert.Equal([("x", "1"), ("y", "0")], Read(Parquet(new DataField<long>("kind"), [1, 0], note)));
    }

    [Fact]
    public void OfParquetThatAreMissing_AreBadRows()
    {
        string path = Parquet(new DataField<long?>("kind"), new long?[] { null, 4 });
        Assert.Equal("data.parquet, row 1 has null under 'kind'; it must be a label: pass over such rows with --skip-bad.", folder.Message(() => Read(path)));
        var bad = new BadRows();
        Assert.Equal("4", Assert.Single(TextFiles.Read([path], bad: bad, labelField: "kind")).Label);
        Assert.Equal(1, bad.Count);
    }

    private string Parquet<T>(DataField<T> kind, T[] labels, string? note = null)
    {
        Go().GetAwaiter().GetResult();
        return folder.File("data.parquet");

        async Task Go()
        {
            var schema = new ParquetSchema(new DataField<string>("text"), kind);
            await using FileStream file = File.Create(folder.File("data.parquet"));
            await using ParquetWriter writer = await ParquetWriter.CreateAsync(schema, file);
            if (note is not null) writer.CustomMetadata = new Dictionary<string, string> { ["huggingface"] = note };
            using ParquetRowGroupWriter group = writer.CreateRowGroup();
            await group.WriteAsync(schema.GetDataFields()[0], new[] { "x", "y" });
            await Write(group, schema.GetDataFields()[1]);
        }

        Task Write(ParquetRowGroupWriter group, DataField field) => labels switch
        {
            string[] texts => group.WriteAsync(field, texts),
            long[] numbers => group.WriteAsync<long>(field, numbers),
            long?[] numbers => group.WriteAsync<long>(field, numbers),
            bool[] truths => group.WriteAsync<bool>(field, truths),
            double[] numbers => group.WriteAsync<double>(field, numbers),
            _ => throw new ArgumentException($"Labels of type {typeof(T).Name} are not written.", nameof(labels)),
        };
    }

    private static (string, string?)[] Read(string path) => [.. TextFiles.Read([path], labelField: "kind").Select(d => (d.Text, d.Label))];
}
