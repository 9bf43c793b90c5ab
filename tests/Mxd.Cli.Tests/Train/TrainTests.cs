using System.Text.Json;
using System.Text.RegularExpressions;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Train;

public sealed class TrainTests(TinyFiles files) : CliTests(files)
{
    [Theory]
    [InlineData("mxd")]
    [InlineData("transcoder")]
    public void Train_PrintsOneJsonDocument_WithTheContractsFields(string type)
    {
        TrainCall call = type == "mxd" ? Train : Train.Transcoder;

        JsonElement result = call.With("--json").Run().Json();

        Assert.Equal(Run, result.GetProperty("run").GetString());
        Assert.Equal(type, result.GetProperty("type").GetString());
        Assert.Equal(8192, result.GetProperty("tokens").GetInt64());
        foreach (string rate in new[] { "tokens_per_second", "harvest_tokens_per_second", "training_tokens_per_second" })
            Assert.True(result.GetProperty(rate).GetDouble() > 0, rate);
        Assert.InRange(result.GetProperty("peak_memory_bytes").GetInt64(), 50_000_000, 4_000_000_000);
        JsonElement final = result.GetProperty("final");
        Assert.InRange(final.GetProperty("fvu").GetDouble(), 0.01, 2);
        Assert.InRange(final.GetProperty("norm_scaled_mse").GetDouble(), 0.001, 1);
        Assert.Equal(4, final.GetProperty("l0").GetDouble(), 0.5);
        Assert.InRange(final.GetProperty("dead_fraction").GetDouble(), 0, 1);
    }

    [Fact]
    public void Train_LeavesAWholeRunFolder()
    {
        Train.Run().Succeeded();

        Assert.Equal(
            ["run", "run/checkpoints", "run/checkpoints/step-000000032.safetensors", "run/events.out.tfevents", "run/layer.safetensors", "run/metrics.jsonl", "run/result.json", "run/run.json"],
            Folder.Entries.Select(entry => Regex.Replace(entry, @"(?<=tfevents)\.\d{10}\.mxd$", "")));
        using JsonDocument description = JsonDocument.Parse(File.ReadAllText(Folder.File("run/run.json")));
        Assert.Equal(Files.Model, description.RootElement.GetProperty("options").GetProperty("model").GetString());
    }

    [Fact]
    public void Train_LogsEveryFourthStepAndTheFirst_WithAFallingLoss()
    {
        Train.Run().Succeeded();

        var run = new RunFiles(Run);
        Assert.Equal([1, 4, 8, 12, 16, 20, 24, 28, 32], run.LoggedSteps);
        Assert.Equal(run.LoggedSteps.Select(step => 256L * step), run.Metrics.Select(m => (long)m["tokens"]!));
        double[] fvu = [.. run.Metrics.Select(m => (double)m["validation"]!["fvu"]!)];
        Assert.True(fvu[^1] < fvu[0], $"FVU went from {fvu[0]} to {fvu[^1]}.");
    }

    [Fact]
    public void Train_TellsTensorBoardWhatItsLogSays()
    {
        Train.Run().Succeeded();

        var run = new RunFiles(Run);
        Assert.Equal(run.LoggedSteps, run.Scalars("validation/fvu").Select(s => s.Step));
        Assert.Equal(run.Metrics.Select(m => (float)m["validation"]!["fvu"]!), run.Scalars("validation/fvu").Select(s => s.Value));
        Assert.Equal(run.Metrics.Select(m => (float)m["loss"]!["norm_scaled_mse"]!), run.Scalars("train/loss").Select(s => s.Value));
        Assert.Equal(run.Metrics.Select(m => (float)m["tokens"]!), run.Scalars("train/tokens").Select(s => s.Value));
    }

    [Fact]
    public void Train_SaysTheSameInJsonAsItsLastLogLineDoes()
    {
        JsonElement result = Train.With("--json").Run().Json();

        double logged = (double)new RunFiles(Run).Metrics[^1]["validation"]!["fvu"]!;
        Assert.Equal(logged, result.GetProperty("final").GetProperty("fvu").GetDouble());
    }

    [Fact]
    public void Train_ForPeople_ShowsPlanAndProgressOnStderr_AndTheResultOnStdout()
    {
        ToolResult result = Train.Run().Succeeded();

        foreach (string label in new[] { "Layer ", "Model ", "Run ", "Held ", "Memory ", "Time ", "step " })
            Assert.Contains(result.ErrorLines, line => line.StartsWith(label, StringComparison.Ordinal));
        foreach (string label in new[] { "trained on", "peak memory", "held-out FVU", "NormScaledMse", "L0", "dead units" })
            Assert.Contains(label, result.Output, StringComparison.Ordinal);
        Assert.Contains($"mxd eval --run {Run}", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_SaysBeforehandHowLongItWillTake_AndAfterwardsHowLongItTook()
    {
        ToolResult result = Train.With("--tokens", $"{1600 * 256}").With("--log-every", "400").Run().Succeeded();

        Assert.Contains(result.ErrorLines, line => Regex.IsMatch(line, @"^Time    about .* for 409,600 tokens, [\d,]+ tokens/s overall \(harvest [\d,]+, training [\d,]+\)$"));
        Assert.Matches(@"(?m)^expected +[\d,]+ tokens/s overall \(harvest [\d,]+, training [\d,]+\)$", result.Output);
        Assert.Matches(@"(?m)^time +.* for 409,600 tokens \(expected .*\)$", result.Output);
    }

    [Fact]
    public void Train_OfAFewSteps_DoesNotMeasureFirst()
    {
        // Fewer than 80 contexts: 2.5 % of them are less than two.
        ToolResult result = Train.With("--tokens", "1024").With("--validation-contexts", "8").Run().Succeeded();

        Assert.Contains("Time    no estimate: measuring the speed first would take too much of so short a run", result.ErrorLines);
        Assert.DoesNotContain("expected", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_QuotesAPathWithSpaces_InTheCommandToCopy()
    {
        string run = Folder.File("a run");

        Assert.Contains($"mxd eval --run '{run}'", Train.With("--out", run).Run().Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_HoldsDocumentsOut_WhereThereIsNoValidationText()
    {
        ToolResult result = Train.Without("--validation").With("--held-out", "0.2").Run().Succeeded();

        Assert.Contains("documents held out of the text (20 %)", result.Error, StringComparison.Ordinal);
    }
}
