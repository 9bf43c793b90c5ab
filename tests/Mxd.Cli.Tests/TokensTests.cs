using System.Text.Json;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests;

public sealed class TokensTests(TinyFiles files) : CliTests(files)
{
    /// <summary>Ids of the tiny vocabulary: bytes are their own ids, "Ġt" is 256, "he" 257, "Ġthe" 258, "in" 259, the end of text 261.</summary>
    private const string Documents = """
        {"text": "the inn"}

        {"text": "a the<|endoftext|>"}
        {"text": ""}
        """;

    [Fact]
    public void Tokens_OfJsonLines_AreADocumentALine()
    {
        JsonElement result = Tokens(Folder.Write("a.jsonl", Documents), "--json").Json();

        Assert.Equal([[116, 257, 32, 259, 110], [97, 258, 261], []], Ids(result));
    }

    [Fact]
    public void Tokens_OfATextFile_AreOneDocument()
    {
        JsonElement result = Tokens(Folder.Write("a.txt", "é\nhe"), "--json").Json();

        Assert.Equal([[0xC3, 0xA9, '\n', 257]], Ids(result));
    }

    [Fact]
    public void Tokens_ForPeople_AreALineADocument() =>
        Assert.Equal("116 257 32 259 110\n97 258 261\n\n", Tokens(Folder.Write("a.jsonl", Documents)).Succeeded().Output);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ALateLineThatIsNotJson_IsRefused_BeforeAnythingIsPrinted(bool json)
    {
        string text = Folder.Write("a.jsonl", Documents + "\n[1, 2]\n");

        Tokens(text, json ? ["--json"] : []).Refused("a.jsonl, line 5 is an array|must be an object");
    }

    [Fact]
    public void AModelThatIsMissing_IsRefused() =>
        Tool.Run("tokens", "--model", Folder.File("no.gguf"), "--text", Files.TrainText).Refused("no.gguf does not exist");

    private ToolResult Tokens(string text, params string[] more) => Tool.Run(["tokens", "--model", Files.Model, "--text", text, .. more]);

    private static int[][] Ids(JsonElement result) =>
        [.. result.GetProperty("documents").EnumerateArray().Select(d => d.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).ToArray())];
}
