using System.Text.Json;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests;

/// <summary>The demo, on fewer tokens than people get, with the model and text they get.</summary>
public sealed class DemoTests(TinyFiles files) : CliTests(files)
{
    private static readonly string[] small = ["--tokens", "8192", "--contexts", "8", "--multiplier", "8", "--k", "4"];

    [Fact]
    public void Demo_ComparesLayersOfAsManyParameters_AndWritesRunsAndReport()
    {
        string folder = Folder.File("demo");
        JsonElement result = Tool.Run(["demo", .. small, "--out", folder, "--json"]).Json();

        JsonElement[] results = [.. result.GetProperty("results").EnumerateArray()];
        Assert.Equal(["mxd", "transcoder", "skip-transcoder", "dense", "linear"], results.Select(r => r.GetProperty("type").GetString()));
        double[] parameters = [.. results.Take(4).Select(r => (double)r.GetProperty("parameters").GetInt64())];
        Assert.All(parameters, count => Assert.InRange(count / parameters[0], 0.99, 1.01));
        foreach (JsonElement one in results)
        {
            Assert.True(File.Exists(Path.Combine(one.GetProperty("run").GetString()!, "layer.safetensors")));
            JsonElement entropy = one.GetProperty("cross_entropy");
            double recovered = (entropy.GetProperty("zero_ablated").GetDouble() - entropy.GetProperty("spliced").GetDouble())
                / (entropy.GetProperty("zero_ablated").GetDouble() - entropy.GetProperty("model").GetDouble());
            Assert.Equal(recovered, one.GetProperty("cross_entropy_recovered").GetDouble(), 9);
            Assert.Equal(8, one.GetProperty("contexts").GetInt32());
        }
        Assert.Equal(results[0].GetProperty("cross_entropy").GetProperty("model").GetDouble(), results[1].GetProperty("cross_entropy").GetProperty("model").GetDouble());
        string report = File.ReadAllText(result.GetProperty("report").GetString()!);
        Assert.Equal(Path.Combine(folder, "report.html"), result.GetProperty("report").GetString());
        Assert.Contains("skip-transcoder", report, StringComparison.Ordinal);
        Assert.NotEqual(JsonValueKind.Null, result.GetProperty("units").ValueKind);
    }

    [Fact]
    public void Demo_TakesOtherText()
    {
        JsonElement result = Tool.Run(["demo", .. small, "--text", Files.TrainText, "--out", Folder.File("demo"), "--json"]).Json();
        Assert.Equal(Files.TrainText, result.GetProperty("results")[0].GetProperty("text")[0].GetString());
    }

    [Fact]
    public void Demo_RefusesAllThatIsWrong_AndWritesNothing()
    {
        string folder = Folder.File("demo");
        Tool.Run("demo", "--layer", "9", "--contexts", "-1", "--out", folder).Refused("--contexts is -1", "--layer is 9|demo has 4 layers");
        Assert.False(Path.Exists(folder));
    }

    [Fact]
    public void TheEmbeddedModel_GoesByItsName_InEveryCommand()
    {
        JsonElement score = Tool.Run("score", "--model", "demo", "--text", "dotnet:held-out", "--contexts", "4", "--json").Json();
        Assert.InRange(score.GetProperty("cross_entropy").GetDouble(), 0.5, 4.5);
        Assert.NotEqual(0, Tool.Run("tokens", "--model", "demo", "--text", Files.TrainText, "--json").Json().GetProperty("documents").GetArrayLength());
    }
}
