using System.Text.Json;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests;

public sealed class GenerateTests(TinyFiles files) : CliTests(files)
{
    private static readonly string[] few = ["--max-tokens", "8", "--json"];

    [Fact]
    public void Generate_PrintsOneJsonDocument_WithTheContractsFields()
    {
        JsonElement result = Generate("--greedy").Json();

        int[] ids = Ids(result), prompt = [.. Prompt("the expert")];
        Assert.Equal(prompt, ids[..prompt.Length]);
        Assert.Equal(prompt.Length + 8, ids.Length);
        Assert.Equal("length", result.GetProperty("end").GetString());
    }

    [Fact]
    public void Generate_ForPeople_PrintsTheContinuationAndNothingElse()
    {
        string text = Generate("--greedy").Json().GetProperty("text").GetString()!;

        ToolResult plain = Tool.Run("generate", "--model", Files.Model, "--prompt", "the expert", "--greedy", "--max-tokens", "8").Succeeded();

        Assert.Equal(text + "\n", plain.Output);
        Assert.Empty(plain.Error);
    }

    [Fact]
    public void TheFirstToken_IsPutBeforeThePrompt_UnlessRefused()
    {
        Assert.Equal(Prompt("the expert").Skip(1), Ids(Generate("--greedy", "--no-first-token").Json()).Take(Prompt("the expert").Count() - 1));
        Tool.Run("generate", "--model", Files.Model, "--prompt", "", "--no-first-token").Refused("--prompt is empty and --no-first-token leaves nothing to continue");
    }

    [Fact]
    public void ASeed_DecidesTheSamples()
    {
        JsonElement first = Generate("--samples", "3", "--seed", "4", "--temperature", "2").Json(), again = Generate("--samples", "3", "--seed", "4", "--temperature", "2").Json();

        string[] texts = [.. first.GetProperty("samples").EnumerateArray().Select(s => s.GetProperty("text").GetString()!)];
        Assert.Equal(texts, again.GetProperty("samples").EnumerateArray().Select(s => s.GetProperty("text").GetString()));
        Assert.Equal(3, texts.Distinct().Count());
        Assert.Equal(texts[0], Generate("--seed", "4", "--temperature", "2").Json().GetProperty("text").GetString());
    }

    [Fact]
    public void ALayerInPlace_AndSteering_ChangeTheText()
    {
        Train.Run().Succeeded();

        string own = Text(Generate("--greedy")), spliced = Text(OfRun("--greedy")), nothing = Text(OfRun("--greedy", "--steer", "3=0"));
        string steered = Text(OfRun("--greedy", "--steer", "3=1000", "--steer", "5=-500"));

        Assert.Equal(spliced, nothing);
        Assert.NotEqual(spliced, steered);
        Assert.NotEqual(own, steered);
        OfRun("--steer", "32=1").Refused("--steer names unit 32, but the layer has 32: choose one from 0 to 31");
    }

    [Fact]
    public void AStopText_EndsIt()
    {
        string text = Text(Generate("--greedy"));

        JsonElement stopped = Generate("--greedy", "--stop", text[2..4]).Json();

        Assert.Equal(text[..text.IndexOf(text[2..4], StringComparison.Ordinal)], stopped.GetProperty("text").GetString());
        Assert.Equal("stop", stopped.GetProperty("end").GetString());
    }

    [Fact]
    public void EverythingThatIsWrong_IsSaidAtOnce() =>
        Tool.Run("generate", "--model", Files.Model, "--prompt", "x", "--temperature", "-1", "--top-p", "0", "--samples", "0", "--steer", "1=2", "--steer", "one=2")
            .Refused("--temperature is -1", "--top-p is 0", "--samples is 0", "--steer needs a layer", "--steer is 'one=2'");

    private ToolResult Generate(params string[] options) => Tool.Run(["generate", "--model", Files.Model, "--prompt", "the expert", .. options, .. few]);

    private ToolResult OfRun(params string[] options) => Tool.Run(["generate", "--run", Run, "--prompt", "the expert", .. options, .. few]);

    private static string Text(ToolResult result) => result.Json().GetProperty("text").GetString()!;

    private static int[] Ids(JsonElement result) => [.. result.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];

    /// <summary>The ids that <c>mxd tokens</c> gives, after the first token.</summary>
    private IEnumerable<int> Prompt(string text)
    {
        File.WriteAllText(Folder.File("prompt.txt"), text);
        JsonElement tokens = Tool.Run("tokens", "--model", Files.Model, "--text", Folder.File("prompt.txt"), "--json").Json();
        int endOfText = Ids(Tool.Run("generate", "--model", Files.Model, "--prompt", "", "--greedy", "--max-tokens", "1", "--json").Json())[0];
        return [endOfText, .. Ids(tokens.GetProperty("documents")[0])];
    }
}
