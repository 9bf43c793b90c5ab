using System.Text.Json;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Judge;

public sealed class JudgeTests(TinyFiles files) : CliTests(files)
{
    private const string Fluent = "Gets the name of the current object.", Other = "The value of the property that is read from the file.";

    [Fact]
    public void Judge_PrintsOneJsonDocument_AScoreAUnit()
    {
        JsonElement result = Judge(Samples(), "--json").Json();

        JsonElement[] scores = [.. result.GetProperty("scores").EnumerateArray()];
        Assert.Equal([1, 2, 3], scores.Select(s => s.GetProperty("unit").GetInt32()));
        foreach (string score in new[] { "concept", "fluency" }) Assert.All(scores, s => Assert.InRange(s.GetProperty(score).GetDouble(), 0, 1));
        // Unit 1 repeats one sentence, unit 2 has two, unit 3 words in no order.
        Assert.Equal([1, 2, 2], scores.Select(s => s.GetProperty("tokens").GetProperty("distinct").GetInt32()));
        Assert.Equal(1, scores[0].GetProperty("concept").GetDouble());
        Assert.Equal(1, scores[0].GetProperty("tokens").GetProperty("self_bleu").GetDouble(), 1e-9);
        Assert.True(scores[0].GetProperty("concept").GetDouble() >= scores[1].GetProperty("concept").GetDouble());
        Assert.True(scores[2].GetProperty("fluency").GetDouble() < scores[0].GetProperty("fluency").GetDouble());
        Assert.Equal(3, Assert.Single(result.GetProperty("summary").EnumerateArray()).GetProperty("units").GetInt32());
        Assert.Single(result.GetProperty("unsteered").EnumerateArray());
    }

    [Fact]
    public void SeveralFiles_AreShownTogether_WithTheirFigure()
    {
        string second = Folder.Write("transcoder.json", File.ReadAllText(Samples()).Replace("\"mxd\"", "\"transcoder\"", StringComparison.Ordinal));
        ToolResult result = Tool.Run("judge", Samples(), second, "--model", "demo", "--text", "dotnet:held-out", "--out", Folder.File("figures")).Succeeded();
        foreach (string shown in new[] { "not steered", "steered.json (mxd): concept", "transcoder.json (transcoder): concept", "concept-fluency.svg" }) Assert.Contains(shown, result.Output, StringComparison.Ordinal);
        string figure = File.ReadAllText(Path.Combine(Folder.File("figures"), "concept-fluency.svg"));
        Assert.Contains("transcoder, 3 units", figure, StringComparison.Ordinal);
    }

    [Fact]
    public void EverythingThatIsWrong_IsSaidAtOnce()
    {
        string wrong = Folder.Write("wrong.json", "{\"units\": 3}");
        Tool.Run("judge", wrong, Folder.File("none.json"), "--contexts", "1", "--model-dtype", "int8").Refused(
            "--contexts is 1|at least 2", "--model-dtype is 'int8'", "wrong.json is not what 'mxd steer --json' prints", "none.json does not exist");
        Tool.Run("judge", Samples()).Refused("names no run that is there, so the language model is not known|--model", "held out text|--text");
        Tool.Run("judge").Refused("FILE is missing");
    }

    private static ToolResult Judge(string file, params IEnumerable<string> more) => Tool.Run(["judge", file, "--model", "demo", "--text", "dotnet:held-out", "--contexts", "12", .. more]);

    private string Samples() => Folder.Write("steered.json", JsonSerializer.Serialize(new
    {
        type = "mxd",
        run = "/no/such/run",
        prompt = "Gets the",
        unsteered = new[] { new { text = Fluent }, new { text = Other } },
        units = new[]
        {
            new { unit = 1, samples = new[] { new { text = Fluent }, new { text = Fluent } } },
            new { unit = 2, samples = new[] { new { text = Fluent }, new { text = Other } } },
            new { unit = 3, samples = new[] { new { text = "the object of name. current the Gets" }, new { text = "file of that the the property read from is value. The" } } },
        },
    }));
}
