using System.Globalization;
using System.Text.Json;
using Mxd.Cli.Tests.Fixtures;
using Mxd.Evaluation;
using Mxd.Exploration.Naming;
using Mxd.Exploration.Units;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Tests;

public sealed class InspectTests(TinyFiles files) : CliTests(files)
{
    [Fact]
    public void Inspect_OfAMixture_ReportsShapesCostsAndRanks()
    {
        Train.Run().Succeeded();

        JsonElement report = Tool.Run("inspect", "--run", Run, "--sample", "5", "--json").Json();

        Assert.Equal("mxd", report.GetProperty("type").GetString());
        long width = report.GetProperty("layer").GetProperty("input_width").GetInt64();
        Assert.Equal((24 * 2 * width) + 24 + width + (32 * ((2 * width) + 1)), report.GetProperty("parameters").GetInt64());
        Assert.Equal(
            ["W_enc", "b_enc", "W_dec", "gate", "gate_bias", "W_cond", "b_dec_out"],
            report.GetProperty("tensors").EnumerateArray().Select(t => t.GetProperty("key").GetString()));
        JsonElement flops = report.GetProperty("flops_per_token");
        Assert.Equal(2 * width * (24 + 24 + 32 + 32), flops.GetProperty("dense").GetInt64());
        Assert.Equal(2 * width * (24 + 24 + 32 + 4), flops.GetProperty("sparse").GetInt64());
        JsonElement ranks = report.GetProperty("ranks");
        Assert.Equal(5, ranks.GetProperty("sampled").GetInt32());
        Assert.InRange(ranks.GetProperty("mean_normalised").GetDouble(), 0.9, 1);
    }

    [Theory]
    [InlineData("transcoder")]
    [InlineData("linear")]
    public void Inspect_ForPeople_SaysWhatItIs(string type)
    {
        Train.With("--type", type).Without("--hidden").Run().Succeeded();

        ToolResult result = Tool.Run("inspect", "--run", Run).Succeeded();

        foreach (string fact in new[] { "layer", "stands at", "trained on", "parameters", "FLOPs a token", "in training", "memory" })
            Assert.Contains(result.Output.Split('\n'), line => line.StartsWith(fact, StringComparison.Ordinal));
        Assert.Equal(type == "transcoder", result.Output.Contains("each unit adds one vector", StringComparison.Ordinal));
    }

    [Fact]
    public void Inspect_TellsHowUnitsAreUsed_AndHowDifferentTheyAre()
    {
        Train.Run().Succeeded();

        JsonElement report = Tool.Run("inspect", "--run", Run, "--contexts", "12", "--json").Json();

        JsonElement use = report.GetProperty("use"), summary = use.GetProperty("summary");
        Assert.Equal((12 * 32, 32), (summary.GetProperty("tokens").GetInt32(), summary.GetProperty("units").GetInt32()));
        // As many as are chosen, less those whose gate is not above zero.
        Assert.InRange(summary.GetProperty("l0").GetDouble(), 1, 4);
        long counted = summary.GetProperty("histogram").GetProperty("counts").EnumerateArray().Sum(c => c.GetInt64());
        Assert.Equal(32, counted + summary.GetProperty("never").GetInt64());
        Assert.Equal(Files.HeldOutText, Assert.Single(use.GetProperty("text").EnumerateArray()).GetString());
        JsonElement diversity = report.GetProperty("diversity");
        foreach (string side in new[] { "encoders", "decoders" })
        {
            Assert.InRange(diversity.GetProperty(side).GetProperty("mean_cosine").GetDouble(), -1, 1);
            Assert.Equal(10, diversity.GetProperty(side).GetProperty("closest").GetArrayLength());
        }

        string shown = Tool.Run("inspect", "--run", Run, "--contexts", "12", "--out", Folder.File("figures")).Succeeded().Output;
        Assert.True(File.Exists(Path.Combine(Folder.File("figures"), "usage.png")));
        Assert.Contains("usage.svg", shown, StringComparison.Ordinal);
        foreach (string fact in new[] { "alike", "use", "spread", "frequencies" })
            Assert.Contains(shown.Split('\n'), line => line.StartsWith(fact + " ", StringComparison.Ordinal));
    }

    [Fact]
    public void OneUnit_IsShownWithAllThatItDoes()
    {
        Train.Run().Succeeded();
        string other = Folder.File("other");
        Train.With("--seed", "1").With("--out", other).Run().Succeeded();
        JsonElement pairs = Tool.Run("inspect", "--run", Run, "--contexts", "24", "--json").Json().GetProperty("use").GetProperty("co_active");
        string unit = pairs[0].GetProperty("first").GetRawText();

        JsonElement report = Tool.Run("inspect", "--run", Run, "--unit", unit, "--contexts", "24", "--other", other, "--json").Json();

        Assert.Equal((Run, "mxd", unit), (report.GetProperty("run").GetString(), report.GetProperty("type").GetString(), report.GetProperty("unit").GetRawText()));
        Assert.Equal(10, report.GetProperty("looks_for").GetProperty("highest").GetArrayLength());
        Assert.InRange(report.GetProperty("spectrum").GetProperty("rank").GetInt32(), 1, 1000);
        foreach ((string from, string side) in new[] { ("nearest", "encoder"), ("nearest", "decoder"), ("other", "encoder") }) Assert.Equal(5, report.GetProperty(from).GetProperty(side).GetArrayLength());
        Assert.Equal(0, report.GetProperty("other").GetProperty("decoder").GetArrayLength());
        JsonElement activity = report.GetProperty("activity"), effect = report.GetProperty("effect"), contribution = report.GetProperty("contribution");
        Assert.InRange(activity.GetProperty("strongest").GetArrayLength(), 1, 8);
        Assert.InRange(effect.GetProperty("active").GetInt64(), 1, 16 * 32);
        Assert.InRange(effect.GetProperty("kl").GetDouble(), 0, 10);
        Assert.InRange(contribution.GetProperty("tokens").GetInt64(), 1, 24 * 31);
        Assert.Equal(10, contribution.GetProperty("promotes").GetProperty("lowest").GetArrayLength());

        Assert.False(report.TryGetProperty("name", out _));
        // Names that were given to the layer as it was before are another's.
        long trained = EvalRun.Read(Run).Saved.Origin!.TrainedTokens;
        var named = new NamedUnit(int.Parse(unit, CultureInfo.InvariantCulture), "numbers of houses", "They are houses.", new NameScore(10, 10, 8, 1), null, "openai:a", "openai:b");
        new NamesFile(trained - 1, [named]).Write(new RunFolder(Run));
        Assert.False(Tool.Run("inspect", "--run", Run, "--unit", unit, "--contexts", "0", "--json").Json().TryGetProperty("name", out _));
        new NamesFile(trained, [named]).Write(new RunFolder(Run));
        string shown = Tool.Run("inspect", "--run", Run, "--unit", unit, "--contexts", "24").Succeeded().Output;
        Assert.Contains("numbers of houses", shown, StringComparison.Ordinal);
        Assert.Contains("0.85", shown, StringComparison.Ordinal);
        foreach (string fact in new[] { "looks for", "its map", "nearest", "active", "promotes", "suppresses", "without it", "Strongest" })
            Assert.Contains(shown.Split('\n'), line => line.StartsWith(fact, StringComparison.Ordinal));
    }

    [Fact]
    public void AllUnitsOfSeveralRuns_AreReportedInTheirFolders_AsEachIsByItself()
    {
        Train.Run().Succeeded();
        string other = Folder.File("other");
        Train.Transcoder.With("--out", other).Run().Succeeded();

        JsonElement made = Tool.Run("inspect", "--run", Run, other, "--units", "all", "--contexts", "24", "--removal", "4", "--out", Folder.File("figures"), "--json").Json();

        string figure = File.ReadAllText(Path.Combine(Folder.File("figures"), "usage.svg"));
        Assert.Contains("of 32 never", figure, StringComparison.Ordinal);
        JsonElement[] runs = [.. made.GetProperty("runs").EnumerateArray()];
        Assert.Equal([Run, other], runs.Select(r => r.GetProperty("run").GetString()));
        Assert.All(runs, r => Assert.InRange(r.GetProperty("bytes").GetInt64(), 1000, 10_000_000));
        foreach (string run in new[] { Run, other })
        {
            UnitReportFolder reports = UnitReportFolder.Open(Path.Combine(run, "units"));
            Assert.Equal(Enumerable.Range(0, (int)reports.Index.LayerUnits), reports.Index.Units);
            int unit = reports.Index.Units.MaxBy(u => reports.Read(u).Contribution?.Tokens ?? 0);
            JsonElement alone = Tool.Run("inspect", "--run", run, "--unit", unit.ToString(CultureInfo.InvariantCulture), "--contexts", "24", "--removal", "4", "--json").Json();
            AssertAlike(alone, JsonSerializer.SerializeToElement(reports.Read(unit), Json.Compact), "");
        }

        Tool.Run("inspect", "--run", Run, other, "--units", "3").Refused("has reports already: give --replace", "has reports already: give --replace");
        string shown = Tool.Run("inspect", "--run", Run, "--units", "3,7-9", "--contexts", "24", "--replace").Succeeded().Output;
        Assert.Contains("4 units in", shown, StringComparison.Ordinal);
        Assert.Equal([3, 7, 8, 9], UnitReportFolder.Open(Path.Combine(Run, "units")).Index.Units);
        // What takes a text is left out without.
        Tool.Run("inspect", "--run", Run, "--units", "3", "--contexts", "0", "--replace").Succeeded();
        Assert.Null(UnitReportFolder.Open(Path.Combine(Run, "units")).Read(3).Activity);
    }

    [Fact]
    public void WrongChoicesOfUnits_AreRefusedTogether()
    {
        Train.Run().Succeeded();
        Tool.Run("inspect", "--run", Run, "--units", "3,40", "x").Refused("--units names unit 40, but the layer has 32", "--units names 'x'");
        Tool.Run("inspect", "--run", Run, "--units", "3", "--unit", "4").Refused("--unit and --units are both given");
        Tool.Run("inspect", "--run", Run, "--unit", "3", "--contexts", "0", "--removal", "2", "--replace").Refused("--removal is 2, and --contexts is 0", "--replace goes with --units");
        Tool.Run("inspect", "--run", Run, Folder.File("other"), "--removal", "99").Refused("--run names 2 folders; that goes with --units", "--removal goes with --unit and --units", "--removal is 99; it must be from 0 to 16", "other is not a run");
    }

    [Fact]
    public void AUnitThatIsNotThere_IsRefused()
    {
        Train.Run().Succeeded();
        Tool.Run("inspect", "--run", Run, "--unit", "32", "--contexts", "-1").Refused("--contexts is -1");
        Tool.Run("inspect", "--run", Run, "--unit", "32").Refused("--unit is 32, but the layer has 32 units|from 0 to 31");
        Tool.Run("inspect", "--run", Run, "--other", Run).Refused("--other goes with --unit");
        Tool.Run("inspect", "--run", Run, "--unit", "1", "--other", Run).Refused("the run itself");
        string other = Folder.File("other");
        Train.Transcoder.With("--out", other).Run().Succeeded();
        Tool.Run("inspect", "--run", Run, "--unit", "1", "--other", other).Refused("is no layer of the same type, widths and place");
        Tool.Run("inspect", "--run", Run, "--contexts", "0", "--text", Files.HeldOutText).Refused("--text is given, and --contexts is 0");
    }

    [Fact]
    public void WithoutText_UseIsLeftOut()
    {
        string model = Folder.File("model.gguf");
        File.Copy(Files.Model, model);
        Train.With("--model", model).Run().Succeeded();
        File.Delete(model);

        Assert.False(Tool.Run("inspect", "--run", Run, "--contexts", "0", "--json").Json().TryGetProperty("use", out _));
        ToolResult without = Tool.Run("inspect", "--run", Run, "--json");
        Assert.False(without.Json().TryGetProperty("use", out _));
        Assert.Contains("what takes a text was left out", without.Error, StringComparison.Ordinal);
        // A unit's page needs the model's tokens.
        Tool.Run("inspect", "--run", Run, "--unit", "3").Refused("the model that|does not exist any more|--model");
        Tool.Run("inspect", "--run", Run, "--model", model).Refused("model.gguf does not exist");
    }

    [Fact]
    public void Inspect_RefusesAFolderThatIsNoRun_AndASampleOfNone()
    {
        ToolResult result = Tool.Run("inspect", "--run", Folder.File("absent"), "--sample", "0");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--sample is 0; it must be at least 1.", result.Error, StringComparison.Ordinal);
        Assert.Contains("is not a run", result.Error, StringComparison.Ordinal);
    }

    /// <summary>Numbers up to rounding: other units beside one change the order of sums.</summary>
    private static void AssertAlike(JsonElement expected, JsonElement actual, string path)
    {
        Assert.True(expected.ValueKind == actual.ValueKind, path);
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                Assert.Equal(expected.EnumerateObject().Select(p => p.Name), actual.EnumerateObject().Select(p => p.Name));
                foreach (JsonProperty property in expected.EnumerateObject()) AssertAlike(property.Value, actual.GetProperty(property.Name), $"{path}.{property.Name}");
                break;
            case JsonValueKind.Array:
                Assert.Equal(expected.GetArrayLength(), actual.GetArrayLength());
                foreach ((JsonElement one, JsonElement same) in expected.EnumerateArray().Zip(actual.EnumerateArray())) AssertAlike(one, same, path + "[]");
                break;
            case JsonValueKind.Number:
                Assert.True(Math.Abs(expected.GetDouble() - actual.GetDouble()) <= 1e-5 * (1 + Math.Abs(expected.GetDouble())), $"{path}: {expected} and {actual}");
                break;
            default:
                Assert.Equal(expected.ToString(), actual.ToString());
                break;
        }
    }
}
