namespace Mxd.Tests.Corpora;

public sealed class PlainTextReaderTests : IDisposable
{
    private readonly CorpusFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Read_RefusesBytesThatAreNotUtf8_NamingTheLine()
    {
        folder.Write("a.txt", [.. "one\ntwo\n  é"u8, 0xFF, .. "\n"u8]);
        Assert.Equal("a.txt, line 3: byte 5 of the line is not UTF-8: save the file as UTF-8.", folder.Refused("a.txt"));
        folder.Write("b.txt", [0x80]);
        Assert.Equal("b.txt, line 1: byte 1 of the line is not UTF-8: save the file as UTF-8.", folder.Refused("b.txt"));
    }

    [Fact]
    public void Read_RefusesACharacterCutAtTheEnd()
    {
        folder.Write("a.txt", "ab🙂"u8.ToArray()[..^1]);
        Assert.Equal("a.txt, line 1: byte 3 of the line is not UTF-8: save the file as UTF-8.", folder.Refused("a.txt"));
    }

    [Fact]
    public void Read_RefusesMoreThanAStringHolds()
    {
        using (FileStream file = File.Create(folder.File("a.txt"))) file.SetLength(1 << 30);
        Assert.Equal(
            "a.txt has 1073741824 bytes; a .txt file is one document of at most 1073676288: write its documents to a .jsonl file.",
            folder.Refused("a.txt"));
    }
}
