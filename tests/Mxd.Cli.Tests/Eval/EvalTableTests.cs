using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Eval;

public sealed class EvalTableTests(TinyFiles files, TrainedRuns runs) : CliTests(files), IClassFixture<TrainedRuns>
{
    [Fact]
    public void Table_OfOneRun_GivesEachNumberWithItsErrorAndUnit()
    {
        string output = Tool.Run("eval", "--run", runs.Mixture, "--contexts", "8").Succeeded().Output;

        Assert.Matches(@"cross-entropy, model +│ +\d+\.\d{4} ± \d\.\d{4} ", output);
        foreach (string row in new[] { "with the layer", "MLP set to zero", "MLP set to its mean", "recovered", "KL(model, spliced)", "FVU", "NormScaledMse", "L0", "dead units" })
            Assert.Contains(row, output, StringComparison.Ordinal);
        Assert.Contains("in nats over 8 contexts, 256 tokens (every position)", output.Replace('\n', ' '), StringComparison.Ordinal);
    }

    [Fact]
    public void Table_OfTwoRuns_FitsEightyColumns_AndBreaksNoNumber()
    {
        string output = Tool.Run("eval", "--run", runs.Mixture, runs.Transcoder, "--contexts", "8").Succeeded().Output;

        Assert.All(output.Split('\n'), line => Assert.True(line.Length <= 80, line));
        foreach (string title in new[] { "mxd, K = 4", "transcoder, K = 4", "mixture", "all together" })
            Assert.Contains(title, output, StringComparison.Ordinal);
        string[] costs = [.. output.Split('\n').Where(line => line.Contains("KL(model", StringComparison.Ordinal))];
        Assert.All(costs, line => Assert.Matches(@"KL\(model, spliced\) +(│ +\d+\.\d{4} ± \d\.\d{4} )+│$", line));
        Assert.InRange(costs.Sum(line => line.Count(c => c == '±')), 3, 5);
    }
}
