using System.Text.Json;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Sweep;

public sealed class SweepTests(TinyFiles files) : CliTests(files)
{
    private TrainCall Call => SweepCall.Small(Files, Run);

    [Fact]
    public void EveryConfiguration_IsTheRunThatTrainMakes_WithControlsOnce()
    {
        JsonElement result = Tool.Run([.. SweepCall.Arguments(Call), "--json"]).Json();

        JsonElement[] runs = [.. result.GetProperty("runs").EnumerateArray()];
        Assert.Equal(SweepCall.Names, runs.Select(r => r.GetProperty("name").GetString()));
        Assert.Equal(SweepCall.Names.Select(In), runs.Select(r => r.GetProperty("run").GetString()));
        string alone = Folder.File("alone");
        TrainCall.Small(Files, alone).Transcoder.With("--k", "2").With("--data-seed", "0").Run().Succeeded();
        foreach (string file in new[] { "run.json", "metrics.jsonl", "layer.safetensors", "result.json", "evaluation.json" })
            Assert.All(SweepCall.Names, name => Assert.True(File.Exists(Path.Combine(In(name), file)), $"{name}/{file}"));
        Assert.Equal(new RunFiles(alone).MetricsWithoutRates, new RunFiles(In("transcoder-k2")).MetricsWithoutRates);
        Assert.Equal(new RunFiles(alone).Layer, new RunFiles(In("transcoder-k2")).Layer);
    }

    [Fact]
    public void Json_HasEvalsFields_AndWhatWasSwept()
    {
        JsonElement result = Tool.Run([.. SweepCall.Arguments(Call.With("--seed", "3,5").With("--type", "mxd").With("--k", "4")), "--json"]).Json();

        JsonElement[] runs = [.. result.GetProperty("runs").EnumerateArray()];
        Assert.Equal([3, 5], runs.Select(r => r.GetProperty("seed").GetInt32()));
        JsonElement evaluated = Tool.Run("eval", "--run", In("mxd-s5"), "--contexts", "8", "--json").Json();
        foreach (JsonProperty field in evaluated.EnumerateObject())
            Assert.True(JsonElement.DeepEquals(field.Value, runs[1].GetProperty(field.Name)), field.Name);
        Assert.Equal((1e-3, 32, 24, 8192), (
            runs[1].GetProperty("learning_rate").GetDouble(), runs[1].GetProperty("experts").GetInt32(),
            runs[1].GetProperty("hidden").GetInt32(), runs[1].GetProperty("trained_tokens").GetInt32()));
        Assert.NotEqual(new RunFiles(In("mxd-s3")).Layer, new RunFiles(In("mxd-s5")).Layer);
        Assert.Equal(3, RunOptions("mxd-s5").GetProperty("data_seed").GetInt32());
    }

    [Fact]
    public void Passes_FollowFromTheMemoryAllowed_AndChangeNoBit()
    {
        SweepCall.Run(Call).Succeeded();
        ToolResult divided = SweepCall.Run(Call.With("--out", Folder.File("divided")).With("--max-memory", OnePass(2)));

        Assert.Contains("of the language model, for ", divided.Succeeded().Error, StringComparison.Ordinal);
        Assert.Matches(@"Passes  [2-6] of the language model, for \d( \+ \d)+ configurations", divided.Error);
        foreach (string name in SweepCall.Names)
        {
            Assert.Equal(new RunFiles(In(name)).Layer, new RunFiles(Path.Combine(Folder.File("divided"), name)).Layer);
            Assert.Equal(Evaluation(In(name)), Evaluation(Path.Combine(Folder.File("divided"), name)));
        }
    }

    [Fact]
    public void AConfigurationThatDiverges_IsReported_AndTheOthersFinish()
    {
        ToolResult result = Tool.Run([.. SweepCall.Arguments(Call.With("--type", "mxd").With("--k", "4").With("--lr", "1e-3,1e30")), "--json"]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("mxd-lr1e30 failed: The loss became", result.Error, StringComparison.Ordinal);
        JsonElement[] runs = [.. JsonElement.Parse(result.Output).GetProperty("runs").EnumerateArray()];
        Assert.False(runs[0].TryGetProperty("failure", out _));
        Assert.InRange(runs[0].GetProperty("fvu").GetDouble(), 0, 2);
        Assert.Matches(@"^The loss became \S+ at step \d+: lower --lr or raise --warmup\.$", runs[1].GetProperty("failure").GetString());

        ToolResult again = Tool.Run("sweep", "--resume", "--out", Run);
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("(failed)", again.Error, StringComparison.Ordinal);
        Assert.Matches(@"mxd-lr1e30 +[\d,]+ +failed", again.Output);
    }

    [Fact]
    public void Table_HasALineForEachConfiguration_SortedByTypeThenK()
    {
        string output = SweepCall.Run(Call.With("--k", "4,2")).Succeeded().Output;

        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["run", .. SweepCall.Names], lines[..7].Select(line => line.Split(' ')[0]));
        Assert.All(lines[1..7], line => Assert.Matches(@"^\S+ +[\d,]+ +\d\.\d{4} +\d+\.\d{4} +-?\d+\.\d{4} ± \d\.\d{4}", line));
        Assert.Contains("Over 8 held-out contexts the model alone has a cross-entropy of", output.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutContexts_NothingIsEvaluated()
    {
        JsonElement result = Tool.Run([.. SweepCall.Arguments(Call.With("--type", "mxd,linear").With("--contexts", "0")), "--json"]).Json();

        Assert.All(result.GetProperty("runs").EnumerateArray(), run => Assert.InRange(run.GetProperty("final").GetProperty("fvu").GetDouble(), 0, 2));
        Assert.False(File.Exists(Path.Combine(In("linear"), "evaluation.json")));
    }

    [Fact]
    public void AFinishedRun_GoesOnByItself()
    {
        SweepCall.Run(Call).Succeeded();

        // As a run by itself that is made longer at its end.
        TrainCall.Small(Files, Folder.File("alone")).Run().Succeeded();
        foreach (string run in new[] { In("mxd-k4"), Folder.File("alone") }) Tool.Run("train", "--resume", "--out", run, "--tokens", "12288").Succeeded();
        Assert.Equal(new RunFiles(Folder.File("alone")).Layer, new RunFiles(In("mxd-k4")).Layer);
    }

    [Fact]
    public void FromActivationsOnDisk_TheLayersAreTheSame()
    {
        SweepCall.Run(Call).Succeeded();
        string store = Folder.File("store"), stored = Folder.File("stored");
        Tool.Run(
            "harvest", "--model", Files.Model, "--layer", "1", "--text", Files.TrainText, "--validation", Files.HeldOutText, "--tokens", "8192",
            "--context", "32", "--validation-contexts", "16", "--out", store).Succeeded();

        ToolResult result = Tool.Run(
            "sweep", "--activations", store, "--type", "mxd,transcoder,dense,linear", "--k", "2,4", "--experts", "32", "--hidden", "24",
            "--batch", "256", "--buffer", "64", "--log-every", "4", "--contexts", "8", "--out", stored).Succeeded();

        Assert.Contains($"Passes  1 over the activations in {store}, for all 6", result.Error, StringComparison.Ordinal);
        foreach (string name in SweepCall.Names)
        {
            Assert.Equal(new RunFiles(In(name)).MetricsWithoutRates, new RunFiles(Path.Combine(stored, name)).MetricsWithoutRates);
            Assert.Equal(Evaluation(In(name)), Evaluation(Path.Combine(stored, name)));
        }
    }

    private string In(string name) => Path.Combine(Run, name);

    private JsonElement RunOptions(string name) => JsonElement.Parse(File.ReadAllText(Path.Combine(In(name), "run.json"))).GetProperty("options");

    /// <summary>An evaluation without the folder's name.</summary>
    private static string Evaluation(string run) => File.ReadAllText(Path.Combine(run, "evaluation.json")).Replace(run, "", StringComparison.Ordinal);

    /// <summary>Memory for a pass of so many of the configurations, from what was planned for all.</summary>
    private string OnePass(int configurations)
    {
        JsonElement plan = JsonElement.Parse(File.ReadAllText(Path.Combine(In("linear"), "run.json"))).GetProperty("plan");
        long total = plan.EnumerateObject().Sum(part => part.Value.GetInt64());
        long shared = total - plan.GetProperty("layer").GetInt64() - plan.GetProperty("work").GetInt64();
        return $"{total - (total - shared) * (SweepCall.Names.Length - configurations) / (2 * SweepCall.Names.Length)}";
    }
}
