using System.Text.Json;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests;

public sealed class ScoreTests(TinyFiles files) : CliTests(files)
{
    [Fact]
    public void Score_PrintsOneJsonDocument_WithTheContractsFields()
    {
        JsonElement result = Score("--contexts", "10", "--context", "64", "--json").Json();

        Assert.InRange(result.GetProperty("cross_entropy").GetDouble(), 4, 15);
        Assert.Equal(640, result.GetProperty("tokens").GetInt64());
        Assert.Equal(10, result.GetProperty("contexts").GetInt64());
        Assert.True(result.GetProperty("tokens_per_second").GetDouble() > 0);
    }

    [Fact]
    public void Score_IsTheSameEveryTime()
    {
        double[] scores = [.. Enumerable.Range(0, 2).Select(_ => Score("--contexts", "10", "--json").Json().GetProperty("cross_entropy").GetDouble())];

        Assert.Equal(scores[0], scores[1]);
    }

    [Fact]
    public void Score_ForPeople_NamesTheUnit()
    {
        string output = Score("--contexts", "4").Succeeded().Output;

        Assert.Matches(@"cross-entropy +\d+\.\d{4} ± \d+\.\d{4} nats a token \(perplexity \d+\.\d{2}\)", output);
        Assert.Contains("4 contexts, 512 tokens", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Score_SaysSo_WhereThereIsLessTextThanAskedFor() =>
        Assert.Contains("fewer than the 100,000 of --contexts", Score("--contexts", "100000").Succeeded().Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("--context", "1", "--context is 1|at least 2")]
    [InlineData("--context", "1024", "--context is 1024|512 positions")]
    [InlineData("--contexts", "0", "--contexts is 0|at least 1")]
    [InlineData("--model-dtype", "int8", "--model-dtype is 'int8'|float32 or bfloat16")]
    [InlineData("--device", "gpu", "'gpu' is not a device")]
    public void AValueThatCannotBe_IsRefused(string option, string value, string problem) => Score(option, value).Refused(problem);

    [Fact]
    public void MissingFiles_AreRefusedTogether() => Tool.Run("score", "--model", Folder.File("no.gguf"), "--text", Folder.File("no.txt")).Refused(
        "no.txt does not exist", "no.gguf does not exist");

    [Fact]
    public void MissingOptions_AreRefusedTogether() => Tool.Run("score").Refused("--model is missing", "--text is missing");

    private ToolResult Score(params string[] arguments) => Tool.Run(["score", "--model", Files.Model, "--text", Files.HeldOutText, .. arguments]);
}
