using System.Text.Json;
using System.Xml.Linq;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Compare;

public sealed class CompareTests(TinyFiles files, ComparableRuns runs) : CliTests(files), IClassFixture<ComparableRuns>
{
    [Fact]
    public void Compare_PrintsOneJsonDocument_WithRunsAndPoints()
    {
        JsonElement result = Tool.Run("compare", runs.Folder, "--json").Json();

        JsonElement[] each = [.. result.GetProperty("runs").EnumerateArray()];
        Assert.Equal(4, each.Length);
        foreach (JsonElement run in each)
        {
            JsonElement saved = JsonElement.Parse(File.ReadAllText(Path.Combine(run.GetProperty("run").GetString()!, "evaluation.json")));
            foreach (JsonProperty field in saved.EnumerateObject()) Assert.True(JsonElement.DeepEquals(field.Value, run.GetProperty(field.Name)), field.Name);
            Assert.Equal(0.001, run.GetProperty("learning_rate").GetDouble());
            Assert.Equal(8192, run.GetProperty("trained_tokens").GetInt64());
            Assert.True(run.GetProperty("compared").GetBoolean());
        }
        JsonElement[] points = [.. result.GetProperty("points").EnumerateArray()];
        Assert.Equal(["MxD", "Transcoder", "Dense MLP"], points.Select(p => p.GetProperty("line").GetString()));
        Assert.Equal([2, 1, 1], points.Select(p => p.GetProperty("runs").GetInt32()));
        double[] mixtures = [.. each.Where(r => r.GetProperty("type").GetString() == "mxd").Select(r => r.GetProperty("cross_entropy").GetProperty("spliced").GetDouble())];
        Assert.Equal(mixtures.Average(), points[0].GetProperty("cross_entropy_spliced").GetDouble(), 1e-9);
        Assert.Equal(
            Math.Abs(mixtures[0] - mixtures[1]) / 2, points[0].GetProperty("standard_errors").GetProperty("between_seeds").GetProperty("cross_entropy_spliced").GetDouble(), 1e-9);
    }

    [Fact]
    public void Compare_WritesFiguresAndCsv()
    {
        JsonElement result = Tool.Run("compare", runs.Folder, "--out", Folder.File("figures"), "--json").Json();

        string[] files = [.. result.GetProperty("files").EnumerateArray().Select(f => f.GetString()!)];
        Assert.Equal(files.Order(StringComparer.Ordinal), Directory.GetFiles(Folder.File("figures")).Order(StringComparer.Ordinal));
        foreach (string name in new[] { "frontier", "fvu", "recovered", "recovered-per-parameter", "recovered-per-flop", "fvu-by-tokens" })
        {
            string[] texts = [.. XDocument.Load(Folder.File($"figures/{name}.svg")).Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value)];
            Assert.Contains("MxD", texts);
            Assert.Contains("Transcoder", texts);
            Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(Folder.File($"figures/{name}.png"))[..4]);
        }
        string[] csv = File.ReadAllLines(Folder.File("figures/frontier.csv"));
        Assert.Equal(4, csv.Length);
        Assert.StartsWith("source,line,type,sparsity,k,", csv[0], StringComparison.Ordinal);
    }

    [Fact]
    public void ItsOwnCsv_IsAReference()
    {
        Tool.Run("compare", runs.Folder, "--out", Folder.File("first")).Succeeded();

        ToolResult second = Tool.Run("compare", runs.Transcoder, "--reference", Folder.File("first/frontier.csv"), "--out", Folder.File("second"), "--x", "l0").Succeeded();

        Assert.Contains("MxD (frontier)", second.Output, StringComparison.Ordinal);
        Assert.Contains("MxD (frontier)", File.ReadAllText(Folder.File("second/frontier.svg")), StringComparison.Ordinal);
    }

    [Fact]
    public void Table_FitsEightyColumns_AndHasARowAPoint()
    {
        ToolResult result = Tool.Run("compare", runs.Folder).Succeeded();

        Assert.Empty(result.Error);
        string[] lines = result.Output.Split('\n');
        Assert.All(lines.Where(l => !l.Contains('/', StringComparison.Ordinal)), line => Assert.True(line.Length <= 80, line));
        foreach (string title in new[] { "cross-entropy", "increase", "recovered", "FVU", "KL", "L0", "dead", "parameters", "FLOPs" })
            Assert.Contains(title, result.Output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^MxD +4 +\d\.\d{4} +-?\d\.\d{4} ± \d\.\d{4}", result.Output);
        Assert.Matches(@"(?m)^Dense MLP  +\d\.\d{4}", result.Output);
    }

    [Fact]
    public void WhatCannotBeCompared_IsRefused_AllAtOnce()
    {
        Train.With("--seed", "7").Run().Succeeded();

        Tool.Run("compare").Refused("RUN is missing|name folders of runs");
        Tool.Run("compare", Run, "--x", "n").Refused("--x is 'n'|k or l0", $"{Run} has no evaluation.json yet|'mxd eval --run {Run}'");
        Tool.Run("compare", runs.Folder, "--reference", Folder.File("none.csv")).Refused("none.csv does not exist");
        Tool.Run("eval", "--run", Run, "--contexts", "4").Succeeded();
        Tool.Run("compare", runs.Transcoder, Run).Refused($"{Run} cannot be compared with {runs.Transcoder}|4 contexts, not 8|mxd eval --run");
    }
}
