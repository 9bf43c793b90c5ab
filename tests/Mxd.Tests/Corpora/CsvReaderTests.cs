using System.Text;
using Mxd.Corpora;

namespace Mxd.Tests.Corpora;

public sealed class CsvReaderTests : IDisposable
{
    private readonly CorpusFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("a quote amid a value", "text,n\na \"q\" b,1\nc,2\n", "a.csv, row 2 has a quote where none may be", "c")]
    [InlineData("text after a quote", "text,n\n\"a\"b,1\nc,2\n", "a.csv, row 2 has a quote where none may be", "c")]
    [InlineData("a broken value of another column", "text,n\na,\"1\"x\nc,2\n", "a.csv, row 2 has a quote where none may be", "c")]
    [InlineData("a quote not closed", "text\nc\n\"a\nb\n", "a.csv, row 3 has a quote where none may be, or one that is not closed", "c")]
    [InlineData("a quote not closed, before an escaped one", "text\nc\n\"a\nb \"\"", "a.csv, row 3 has a quote where none may be, or one that is not closed", "c")]
    [InlineData("a quote not closed, of two columns", "text,n\nc,1\n\"a,2\nb,3\n", "a.csv, row 3 has a quote where none may be, or one that is not closed", "c")]
    [InlineData("bytes that are not UTF-8", "text,n\nc,1\n\u00FF,2\nd,3\n", "a.csv, row 3 has bytes that are not UTF-8", "c d")]
    public void BadRows_AreNamed_OrCounted(string rule, string content, string message, string kept)
    {
        // Latin-1 writes the character beyond ASCII as a byte that UTF-8 never has.
        string path = folder.Write("a.csv", Encoding.Latin1.GetBytes(content));
        Assert.StartsWith(message, folder.Message(() => _ = TextFiles.Read([path]).Count()), StringComparison.Ordinal);
        var bad = new BadRows();
        Assert.True(TextFiles.Read([path], bad: bad).Select(d => d.Text).SequenceEqual(kept.Split(' ')), rule);
        Assert.Equal(1, bad.Count);
    }

    [Theory]
    [InlineData("te\"xt,n\na,1\n")]
    [InlineData("text,\u00FF\na,1\n")]
    public void AFirstRowThatIsBad_IsRefused(string content)
    {
        folder.Write("a.csv", Encoding.Latin1.GetBytes(content));
        Assert.StartsWith("a.csv, row 1 has ", folder.Refused("a.csv"), StringComparison.Ordinal);
    }

    /// <summary>One at the start must not lead to another encoding, which would replace bad bytes quietly.</summary>
    [Fact]
    public void AByteOrderMark_ChangesNothing()
    {
        string path = folder.Write("a.csv", [0xEF, 0xBB, 0xBF, .. "text\né\n"u8]);
        Assert.Equal("é", Assert.Single(TextFiles.Read([path])).Text);
        folder.Write("a.csv", [0xEF, 0xBB, 0xBF, .. "text\n"u8, 0xFF, (byte)'\n']);
        Assert.StartsWith("a.csv, row 2 has bytes that are not UTF-8", folder.Refused("a.csv"), StringComparison.Ordinal);
    }
}
