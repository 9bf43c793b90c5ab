using System.Text;
using Mxd.Corpora;

namespace Mxd.Tests.Corpora;

public sealed class JsonLinesReaderTests : IDisposable
{
    private readonly CorpusFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("not JSON", 1, 2)]
    [InlineData("{\"text\": \"cut", 1, 14)]
    [InlineData("{\"text\": \"a\"} x", 1, 15)]
    [InlineData("{\"text\": \"a\",}", 1, 14)]
    [InlineData("\n{\"text\": tru}", 2, 13)]
    [InlineData("[", 1, 2)]
    public void Read_RefusesWhatIsNotJson(string content, int line, int position)
    {
        folder.Write("a.jsonl", content);
        string beginning = content.TrimStart('\n');
        Assert.Equal(
            $"a.jsonl, line {line} is not JSON at byte {position}: expected an object with the field 'text', the line begins '{beginning}': put one JSON object on each line.",
            folder.Refused("a.jsonl"));
    }

    [Fact]
    public void Read_ShowsTheBeginningOfALongLine_WithoutControlCharacters()
    {
        folder.Write("a.jsonl", "\u001b[31m" + new string('x', 1000));
        Assert.Contains("the line begins '\uFFFD[31m" + new string('x', 35) + "…': put", folder.Refused("a.jsonl"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[1, 2]", "an array")]
    [InlineData("\"text\"", "a string")]
    [InlineData("12", "a number")]
    [InlineData("null", "null")]
    [InlineData("true", "a boolean")]
    public void Read_RefusesWhatIsNoObject(string line, string kind)
    {
        folder.Write("a.jsonl", line);
        Assert.Equal($"a.jsonl, line 1 is {kind}; it must be an object with the field 'text'.", folder.Refused("a.jsonl"));
    }

    [Theory]
    [InlineData("1", "a number")]
    [InlineData("null", "null")]
    [InlineData("{\"text\": \"a\"}", "an object")]
    [InlineData("[\"a\"]", "an array")]
    [InlineData("false", "a boolean")]
    public void Read_RefusesATextThatIsNoString(string value, string kind)
    {
        folder.Write("a.jsonl", "{\"text\": " + value + "}");
        Assert.Equal($"a.jsonl, line 1 has {kind} under 'text'; it must be a string.", folder.Refused("a.jsonl"));
    }

    [Fact]
    public void Read_RefusesAMissingField_NamingThoseThere()
    {
        folder.Write("a.jsonl", "{\"body\": {\"text\": \"a\"}, \"ti\\nt\\ud800le\": [\"b\"]}");
        Assert.Equal("a.jsonl, line 1 has no field 'text'; its fields are 'body', 'ti\uFFFDt\uFFFDle': choose the one that holds the text.", folder.Refused("a.jsonl"));
        folder.Write("b.jsonl", "{}");
        Assert.Equal("b.jsonl, line 1 has no field 'Text'; it has none.", folder.Refused("b.jsonl", "Text"));
    }

    [Fact]
    public void Read_RefusesBytesThatAreNotUtf8_NamingTheLine()
    {
        folder.Write("a.jsonl", [.. "\n{\"text\": \"é"u8, 0xE9, .. "\"}\n"u8]);
        Assert.Equal("a.jsonl, line 2: byte 13 of the line is not UTF-8: save the file as UTF-8.", folder.Refused("a.jsonl"));
    }

    [Fact]
    public void Read_RefusesAnErrorOfALaterLine_NamingIt()
    {
        string path = folder.Write("a.jsonl", "{\"text\": \"a\"}\n\n{\"txt\": \"b\"}\n");
        Assert.Equal(
            "a.jsonl, line 3 has no field 'text'; its fields are 'txt': choose the one that holds the text.",
            folder.Message(() => _ = TextFiles.Read([path]).Count()));
    }

    [Fact]
    public void Read_RefusesAFileOfEmptyLines()
    {
        folder.Write("a.jsonl", "\n \n\t\r\n");
        Assert.Equal("a.jsonl holds no document, only 3 empty lines: name a file with one JSON object a line.", folder.Refused("a.jsonl"));
    }

    [Fact]
    public void Read_TakesDeepNesting_InOtherFields()
    {
        string path = folder.Write("a.jsonl", $"{{\"meta\": {new string('[', 500)}{new string(']', 500)}, \"text\": \"a\"}}");
        Assert.Equal("a", Assert.Single(TextFiles.Read([path])).Text);
    }

    [Fact]
    public void Read_TakesALineLongerThanTheBuffer()
    {
        var text = new StringBuilder();
        for (int number = 0; text.Length < 3_000_000; number++) text.Append(number).Append(' ');
        string path = folder.Write("a.jsonl", $"{{\"text\": \"a\"}}\n{{\"text\": \"{text}\"}}\n{{\"text\": \"b\"}}");
        Assert.Equal(["a", text.ToString(), "b"], TextFiles.Read([path]).Select(document => document.Text));
    }
}
