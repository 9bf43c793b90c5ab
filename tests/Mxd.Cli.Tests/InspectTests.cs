using System.Text.Json;
using Mxd.Cli.Tests.Fixtures;

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

        string shown = Tool.Run("inspect", "--run", Run, "--contexts", "12").Succeeded().Output;
        foreach (string fact in new[] { "alike", "use", "spread", "frequencies" })
            Assert.Contains(shown.Split('\n'), line => line.StartsWith(fact + " ", StringComparison.Ordinal));
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
        Assert.Contains("how units are used was left out", without.Error, StringComparison.Ordinal);
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
}
