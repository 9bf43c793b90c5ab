using System.IO.Compression;
using System.Text;
using Mxd.Corpora;
using Parquet;
using Parquet.Schema;
using ZstdSharp;

namespace Mxd.Tests.Corpora;

/// <summary>The same documents in every kind of file that is read.</summary>
public sealed class TextFormatTests : IDisposable
{
    private static readonly string[] texts = ["one", "two, with a comma", "three \"quoted\"\nand a line", "", "vier é 🙂"];

    private readonly CorpusFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("a.jsonl")]
    [InlineData("a.json")]
    [InlineData("a.csv")]
    [InlineData("a.parquet")]
    [InlineData("a.jsonl.gz")]
    [InlineData("a.jsonl.zst")]
    [InlineData("a.csv.gz")]
    public void Read_GivesTheSameDocuments(string name)
    {
        string path = folder.Write(name, Content(name));
        Assert.Equal(texts, TextFiles.Read([path], "body").Select(d => d.Text));
        TextFiles.Check([path], "body");
        Assert.Contains("'body'", folder.Refused(name, "text"), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TakesACompressedPlainText()
    {
        string path = folder.Write("a.txt.gz", Gzip("whole\nfile"u8));
        Assert.Equal("whole\nfile", Assert.Single(TextFiles.Read([path])).Text);
    }

    [Theory]
    [InlineData("a.txt.gz", 1)]
    [InlineData("a.txt.gz", 9)]
    [InlineData("a.txt.gz", 100)]
    [InlineData("a.txt.zst", 100)]
    [InlineData("a.jsonl.gz", 100)]
    [InlineData("a.csv.gz", 100)]
    public void ACompressedFileThatBreaksOff_IsNoWholeFile(string name, int missing)
    {
        string text = name == "a.jsonl.gz" ? "{\"text\":\"x\"}\n" : "text\nx\n";
        byte[] content = Encoding.UTF8.GetBytes(text + string.Concat(Enumerable.Range(0, 200).Select(i => name == "a.jsonl.gz" ? $"{{\"text\":\"{i}\"}}\n" : $"{i}\n")));
        byte[] whole = name.EndsWith(".gz", StringComparison.Ordinal) ? Gzip(content) : Zstd(content);
        string path = folder.Write(name, whole[..^missing]);
        Assert.StartsWith($"{name} cannot be read as", folder.Message(() => _ = TextFiles.Read([path], bad: new BadRows()).Count()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(70_000)]
    [InlineData(1 << 20)]
    public void GzipMembers_AreReadAsOne(int length)
    {
        byte[] content = new byte[length];
        new Random(1).NextBytes(content);
        using var text = new GzipText(new MemoryStream([.. Gzip(content), .. Gzip("and more"u8)]));
        using var read = new MemoryStream();
        text.CopyTo(read);
        Assert.Equal([.. content, .. "and more"u8], read.ToArray());
    }

    [Fact]
    public void WhatComesAfterAGzipMember_IsNotPassedOver()
    {
        folder.Write("a.txt.gz", [.. Gzip("text"u8), .. "junk"u8]);
        Assert.Contains("something else comes after its end", folder.Refused("a.txt.gz"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.jsonl.gz")]
    [InlineData("a.jsonl.zst")]
    [InlineData("a.parquet")]
    public void ADamagedFile_IsNamed(string name)
    {
        byte[] whole = Content(name);
        folder.Write(name, [.. Encoding.ASCII.GetBytes("not at all"), .. whole]);
        Assert.StartsWith($"{name} cannot be read as {Path.GetExtension(name)}", folder.Refused(name, "body"), StringComparison.Ordinal);
    }

    [Fact]
    public void ATruncatedFile_IsNamed()
    {
        byte[] whole = Content("a.parquet");
        folder.Write("a.parquet", whole[..(whole.Length / 2)]);
        Assert.StartsWith("a.parquet cannot be read", folder.Refused("a.parquet", "body"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.jsonl", "{\"text\":\"x\"}\n{\"text\":1}\nno\n{\"text\":\"y\"}\n", "a.jsonl, line 2")]
    [InlineData("a.csv", "text,n\nx,1\nlost\ny,2,3\ny,2\n", "a.csv, row 3")]
    public void BadRows_AreNamed_OrCounted(string name, string content, string place)
    {
        string path = folder.Write(name, content);
        Assert.StartsWith(place, folder.Message(() => _ = TextFiles.Read([path]).Count()), StringComparison.Ordinal);
        var bad = new BadRows();
        Assert.Equal(["x", "y"], TextFiles.Read([path], bad: bad).Select(d => d.Text));
        Assert.Equal(2, bad.Count);
        Assert.Contains(place, bad.Describe(), StringComparison.Ordinal);
    }

    [Fact]
    public void NullsOfParquet_AreBadRows()
    {
        string path = folder.Write("a.parquet", Parquet("text", ["x", null, "y"]));
        Assert.StartsWith("a.parquet, row 2 has null", folder.Message(() => _ = TextFiles.Read([path]).Count()), StringComparison.Ordinal);
        var bad = new BadRows();
        Assert.Equal(["x", "y"], TextFiles.Read([path], bad: bad).Select(d => d.Text));
        Assert.Equal(1, bad.Count);
    }

    [Fact]
    public void AFieldOfAStructure_IsAColumn()
    {
        DataField german = new("de", typeof(string), true), english = new("en", typeof(string), true);
        string path = folder.Write("a.parquet", Parquet(new StructField("translation", german, english), ["x", null, "y"]));
        var bad = new BadRows();
        Assert.Equal(["x", "y"], TextFiles.Read([path], "translation.en", bad).Select(d => d.Text));
        Assert.Equal(1, bad.Count);
        Assert.Contains("'translation.de', 'translation.en'", folder.Refused("a.parquet", "en"), StringComparison.Ordinal);
    }

    [Fact]
    public void OnlyBadRows_AreRefusedAllTheSame()
    {
        string path = folder.Write("a.jsonl", "1\n2\n");
        Assert.Contains("no row that can be used", folder.Message(() => _ = TextFiles.Read([path], bad: new BadRows()).Count()), StringComparison.Ordinal);
    }

    [Fact]
    public void FoldersAndPatterns_StandForTheirFiles_InOrder()
    {
        Directory.CreateDirectory(folder.File("b"));
        folder.Write("b/2.jsonl", "{\"text\":\"two\"}");
        folder.Write("b/1.txt", "one");
        folder.Write("b/notes.md", "no text");
        Assert.Equal(["one", "two"], TextFiles.Read([folder.File("b")]).Select(d => d.Text));
        Assert.Equal(["two"], TextFiles.Read([folder.File("b/*.jsonl")]).Select(d => d.Text));
        Assert.Equal(["two"], TextFiles.Read([folder.File("**/*.jsonl")]).Select(d => d.Text));
        Assert.Contains("stands for no file", folder.Message(() => TextFiles.Check([folder.File("b/*.csv")])), StringComparison.Ordinal);
        Assert.Equal(CorpusFingerprint.Compute([folder.File("b")]), CorpusFingerprint.Compute([folder.File("b/1.txt"), folder.File("b/2.jsonl")]));
    }

    private static byte[] Content(string name) => Path.GetExtension(name) switch
    {
        ".gz" => Gzip(Content(name[..^3])),
        ".zst" => Zstd(Content(name[..^4])),
        ".csv" => Encoding.UTF8.GetBytes("id,body\n" + string.Concat(texts.Select((t, i) => $"{i},\"{t.Replace("\"", "\"\"", StringComparison.Ordinal)}\"\n"))),
        ".parquet" => Parquet("body", texts),
        _ => Encoding.UTF8.GetBytes(string.Concat(texts.Select(t => System.Text.Json.JsonSerializer.Serialize(new { body = t }) + "\n"))),
    };

    private static byte[] Gzip(ReadOnlySpan<byte> content)
    {
        var result = new MemoryStream();
        using (var gzip = new GZipStream(result, CompressionMode.Compress)) gzip.Write(content);
        return result.ToArray();
    }

    private static byte[] Zstd(byte[] content)
    {
        using var compressor = new Compressor();
        return compressor.Wrap(content).ToArray();
    }

    private static byte[] Parquet(string field, IReadOnlyList<string?> rows) => Parquet(new DataField(field, typeof(string), true), rows);

    /// <summary>Row groups of two rows; other columns hold the same.</summary>
    private static byte[] Parquet(Field schema, IReadOnlyList<string?> rows)
    {
        var result = new MemoryStream();
        Write().GetAwaiter().GetResult();
        return result.ToArray();

        async Task Write()
        {
            var whole = new ParquetSchema(schema);
            await using ParquetWriter writer = await ParquetWriter.CreateAsync(whole, result);
            foreach (string?[] part in rows.Chunk(2))
            {
                using ParquetRowGroupWriter group = writer.CreateRowGroup();
                foreach (DataField field in whole.GetDataFields()) await group.WriteAsync(field, part!);
            }
        }
    }
}
