using Mxd.Corpora;
using Mxd.Runtime;

namespace Mxd.Tests.Corpora;

public sealed class TextFilesTests : IDisposable
{
    private readonly CorpusFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Read_GivesDocumentsInFileAndLineOrder()
    {
        string lines = folder.Write("a.jsonl", "{\"text\": \"one\", \"source\": 1}\n\n{\"source\": [{}], \"text\": \"two\\nlines é \\u00e9\"}\r\n  \t\n{\"text\": \"\"}");
        string plain = folder.Write("b.txt", "whole\r\nfile\n");
        string other = folder.Write("c.NDJSON", "{\"text\":\"last\"}\n");
        Document[] expected =
        [
            new("one", lines, 1), new("two\nlines é é", lines, 3), new("", lines, 5), new("whole\r\nfile\n", plain, 1), new("last", other, 1),
        ];
        Assert.Equal(expected, TextFiles.Read([lines, plain, other]));
        TextFiles.Check([lines, plain, other]);
    }

    [Fact]
    public void Read_TakesAnotherField_AndTheLastOfTwo()
    {
        string path = folder.Write("a.jsonl", "{\"text\": 1, \"body\": 2, \"body\": \"b\"}");
        Assert.Equal("b", Assert.Single(TextFiles.Read([path], "body")).Text);
    }

    [Fact]
    public void Read_LeavesOutAByteOrderMark()
    {
        string lines = folder.Write("a.jsonl", "\uFEFF{\"text\": \"\uFEFFx\"}");
        string plain = folder.Write("b.txt", "\uFEFFy\uFEFF");
        Assert.Equal(["\uFEFFx", "y\uFEFF"], TextFiles.Read([lines, plain]).Select(document => document.Text));
    }

    [Theory]
    [InlineData("a\\ud800b", "a\uFFFDb")]
    [InlineData("\\ude42\\ud83d", "\uFFFD\uFFFD")]
    [InlineData("\\ud83d\\ud83d\\ude42", "\uFFFD🙂")]
    [InlineData("\\ud800\\\\ud800", "\uFFFD\\ud800")]
    [InlineData("\\\\\\ud800\\n", "\\\uFFFD\n")]
    [InlineData("\\uD83D\\uDE42 \\uDBFF", "🙂 \uFFFD")]
    public void Read_ReplacesHalfASurrogatePair(string json, string text)
    {
        string path = folder.Write("a.jsonl", "{\"text\": \"" + json + "\"}");
        Assert.Equal(text, Assert.Single(TextFiles.Read([path])).Text);
    }

    [Fact]
    public void Read_IsLazy()
    {
        string path = folder.Write("a.jsonl", "{\"text\": \"one\"}\nnot JSON");
        Assert.Equal("one", TextFiles.Read([path, folder.File("missing.jsonl")]).First().Text);
        TextFiles.Check([path]);
        Assert.Throws<MxdInputException>(() => TextFiles.Read([path]).Count());
    }

    [Fact]
    public void Read_HoldsOneDocumentAtATime()
    {
        const int Lines = 40_000;
        string path = folder.File("a.jsonl");
        File.WriteAllLines(path, Enumerable.Repeat("{\"text\": \"" + new string('x', 1000) + "\"}", Lines));
        long before = GC.GetTotalMemory(forceFullCollection: true), most = 0, count = 0;
        foreach (Document _ in TextFiles.Read([path]))
            if (++count % 10_000 == 0) most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
        Assert.Equal(Lines, count);
        Assert.True(most < 4_000_000, $"{most} bytes were held while reading {new FileInfo(path).Length}");
    }

    [Fact]
    public void Read_RefusesAMissingFile_NamingTheNearest()
    {
        folder.Write("train.jsonl", "x");
        folder.Write("other.txt", "x");
        Assert.Equal("trian.jsonl does not exist; the nearest name there is 'train.jsonl'.", folder.Refused("trian.jsonl"));
    }

    [Fact]
    public void Read_RefusesAMissingFile_WhereThereIsNoOther()
    {
        Assert.Equal("a.txt does not exist; the folder has no files.", folder.Refused("a.txt"));
        Assert.Equal($"{Path.Combine("no", "a.txt")} does not exist: there is no folder no.", folder.Refused(Path.Combine("no", "a.txt")));
    }

    [Fact]
    public void Read_RefusesAFolder()
    {
        Directory.CreateDirectory(folder.File("texts"));
        Assert.Equal("texts is a folder without texts (.jsonl, .ndjson, .json, .csv, .parquet, .txt): name files, or the folder they are in.", folder.Refused("texts"));
    }

    [Fact]
    public void Read_RefusesNoFilesAndNoName()
    {
        Assert.Equal("No text file was named; name at least one (.jsonl, .ndjson, .json, .csv, .parquet, .txt).", folder.Message(() => TextFiles.Check([])));
        Assert.Equal("A text file's name is empty: name a file.", folder.Message(() => TextFiles.Check([" "])));
    }

    [Theory]
    [InlineData("a.jsonl")]
    [InlineData("a.txt")]
    public void Read_RefusesAFileOfNoBytes(string name)
    {
        folder.Write(name, "");
        Assert.Equal($"{name} is empty (0 bytes): name a file with text in it.", folder.Refused(name));
    }

    [Theory]
    [InlineData("a.xml", ".xml")]
    [InlineData("a.pdf.gz", ".pdf")]
    [InlineData("a", "")]
    public void Read_RefusesOtherExtensions_NamingThoseItReads(string name, string extension)
    {
        folder.Write(name, "x");
        Assert.Equal($"{name} has the extension '{extension}'; texts are read from .jsonl, .ndjson, .json, .csv, .parquet, .txt files: convert it first.", folder.Refused(name));
    }
}
