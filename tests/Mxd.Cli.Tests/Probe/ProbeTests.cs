using System.Globalization;
using System.Text.Json;
using Mxd.Cli.Tests.Eval;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Probe;

public sealed class ProbeTests(TinyFiles files, TrainedRuns runs) : CliTests(files), IClassFixture<TrainedRuns>
{
    private static readonly string[] scores = ["f1", "balanced_accuracy", "precision", "recall", "accuracy", "roc_auc", "average_precision"];

    [Fact]
    public void Probe_OfSeveralRuns_PrintsOneJsonDocument_WithTheContractsFields()
    {
        JsonElement result = Probe("--run", runs.Mixture, runs.Transcoder, "--data", Data(), "--sizes", "1,3", "--json").Json();

        Assert.Equal((120, 96), (result.GetProperty("texts").GetInt32(), result.GetProperty("train_texts").GetInt32()));
        JsonElement[] probed = [.. result.GetProperty("runs").EnumerateArray()];
        Assert.Equal([runs.Mixture, runs.Transcoder], probed.Select(r => r.GetProperty("run").GetString()));
        foreach (JsonElement run in probed)
        {
            AssertAreClasses(run);
            AssertAreClasses(Assert.Single(run.GetProperty("untrained").EnumerateArray()));
            double mean = run.GetProperty("classes").EnumerateArray().Average(c => c.GetProperty("f1").GetDouble());
            Assert.Equal(mean, run.GetProperty("f1").GetDouble(), 1e-12);
        }
        // The texts of a class share words that others lack.
        Assert.All(probed, run => Assert.InRange(run.GetProperty("classes").EnumerateArray().Average(c => c.GetProperty("dense").GetProperty("f1").GetDouble()), 0.9, 1));
    }

    [Fact]
    public void Probe_KeepsWhatItFinds_InTheRunsFolders()
    {
        JsonElement printed = Probe("--run", runs.Mixture, runs.Transcoder, "--data", Data(), "--json").Json();
        foreach (JsonElement run in printed.GetProperty("runs").EnumerateArray())
        {
            string file = run.GetProperty("file").GetString()!;
            Assert.Equal(Path.Combine(run.GetProperty("run").GetString()!, "probe"), Path.GetDirectoryName(file));
            JsonElement saved = Assert.Single(JsonElement.Parse(File.ReadAllText(file)).GetProperty("runs").EnumerateArray());
            Assert.False(saved.TryGetProperty("file", out _));
            foreach (JsonProperty field in saved.EnumerateObject()) Assert.True(JsonElement.DeepEquals(run.GetProperty(field.Name), field.Value), field.Name);
        }
    }

    [Fact]
    public void TheSameSeed_GivesTheSameNumbers_AndAnotherOtherTexts()
    {
        string first = Once("0"), again = Once("0"), other = Once("1");
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);

        string Once(string seed) => Probe("--run", runs.Mixture, "--data", Data(), "--untrained", "0", "--seed", seed, "--json").Json().GetProperty("runs").GetRawText();
    }

    [Fact]
    public void Probe_DrawsFigures_AndShowsTables()
    {
        ToolResult result = Probe("--run", runs.Mixture, runs.Transcoder, "--data", Data(), "--out", Folder.File("figures")).Succeeded();
        Assert.Equal(2 * (1 + 2 * 3), Directory.GetFiles(Folder.File("figures")).Length);
        Assert.Contains("probe-f1.svg", Directory.GetFiles(Folder.File("figures")).Select(Path.GetFileName));
        foreach (string shown in new[] { "F1 of the best unit", "mixture", "transcoder, untrained", "mean", "120 texts" }) Assert.Contains(shown, result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void RunsInPlaceTogether_ChangeWhatTheDeeperOneIsGiven()
    {
        string data = Data();
        JsonElement[] alone = Runs(), together = Runs("--in-place");
        Assert.True(JsonElement.DeepEquals(alone[0].GetProperty("classes"), together[0].GetProperty("classes")));
        Assert.False(JsonElement.DeepEquals(alone[1].GetProperty("classes"), together[1].GetProperty("classes")));
        // Kept beside what was found without.
        Assert.NotEqual(alone[1].GetProperty("file").GetString(), together[1].GetProperty("file").GetString());
        Train.Run().Succeeded();
        Probe("--run", runs.Mixture, Run, "--data", data, "--in-place").Refused($"--in-place puts all layers in place at once, but {runs.Mixture} and {Run} are at blocks.1.hook_mlp_out");

        JsonElement[] Runs(params string[] more) => [.. Probe(["--run", runs.Mixture, runs.Transcoder, "--data", data, .. more, "--json"]).Json().GetProperty("runs").EnumerateArray()];
    }

    [Fact]
    public void EverythingThatIsWrong_IsSaidAtOnce()
    {
        string one = Folder.Write("one.jsonl", "{\"text\": \"a\", \"label\": \"x\"}\n");
        Probe("--run", runs.Mixture, Folder.File("none"), "--data", Folder.File("no.jsonl"), "--candidates", "0", "--pooling", "sum", "--train", "1").Refused(
            "--candidates is 0|at least 1", "--train is 1|below 1", "--pooling is 'sum'|mean, max or last", "no.jsonl|does not exist", "none|");
        Probe("--run", runs.Mixture, "--data", one, "--label", "kind").Refused("line 1 has no field 'kind'|choose the one that holds the label");
        Probe("--run", runs.Mixture, "--data", one).Refused("has the one label 'x'|at least two");
        Probe("--run", runs.Mixture).Refused("--data is missing");
    }

    [Fact]
    public void AControl_HasNoUnitsToProbe()
    {
        Train.With("--type", "linear").Without("--k", "--experts", "--hidden").Run().Succeeded();
        Probe("--run", Run, "--data", Data()).Refused("is of type 'linear', which has no units to probe");
    }

    private static void AssertAreClasses(JsonElement of)
    {
        JsonElement[] classes = [.. of.GetProperty("classes").EnumerateArray()];
        Assert.Equal(["0", "1", "2"], classes.Select(c => c.GetProperty("label").GetString()));
        foreach (JsonElement one in classes)
        {
            foreach (string score in scores) Assert.InRange(one.GetProperty(score).GetDouble(), 0, 1);
            Assert.InRange(one.GetProperty("best_unit").GetInt32(), 0, 10_000);
            Assert.InRange(one.GetProperty("f1").GetDouble(), one.GetProperty("chosen_on_train").GetProperty("scores").GetProperty("f1").GetDouble(), 1);
            Assert.Equal([1, 3], one.GetProperty("sparse").EnumerateArray().Select(s => s.GetProperty("size").GetInt32()));
            foreach (string side in new[] { "members", "others" }) Assert.Equal(1, one.GetProperty("density").GetProperty(side).EnumerateArray().Sum(v => v.GetDouble()), 1e-9);
        }
    }

    /// <summary>Texts of three classes, each with words of its own among those that all share.</summary>
    private string Data()
    {
        string[][] own = [["gate", "opens"], ["café", "42"], ["expert", "layer"]];
        var random = new Random(4);
        return Folder.Write("data.jsonl", string.Concat(Enumerable.Range(0, 120).Select(i =>
        {
            string text = string.Join(' ', Enumerable.Range(0, 14).Select(_ => random.Next(2) == 0 ? own[i % 3][random.Next(2)] : "the token"));
            return $"{{\"text\": {JsonSerializer.Serialize(text)}, \"label\": {(i % 3).ToString(CultureInfo.InvariantCulture)}}}\n";
        })));
    }

    private static ToolResult Probe(params IEnumerable<string> arguments) => Tool.Run(["probe", "--context", "24", .. arguments]);
}
