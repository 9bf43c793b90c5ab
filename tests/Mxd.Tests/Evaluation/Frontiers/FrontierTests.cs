using Mxd.Evaluation;
using Mxd.Evaluation.Frontiers;
using Mxd.Runtime;

namespace Mxd.Tests.Evaluation.Frontiers;

public sealed class FrontierTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mxd-frontier-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void AnEvaluation_ReadsBackAsItWasWritten()
    {
        foreach (string type in new[] { "mxd", "dense", "linear" })
        {
            EvaluatedRun written = (Run(type) with { Type = type }).Write().Evaluation;

            Assert.Equal(written.ToJson().ToJsonString(), EvaluatedRun.Read(In($"{type}/evaluation.json")).ToJson().ToJsonString());
        }
    }

    [Fact]
    public void Seeds_BecomeOnePoint_WithTheErrorBetweenThem()
    {
        double[] spliced = [4.10, 4.13, 4.16];
        for (int seed = 0; seed < 3; seed++) (Run($"s{seed}") with { Seed = seed, Spliced = spliced[seed], IncreaseError = 0.01 * (seed + 1) }).Write();

        FrontierPoint point = Assert.Single(Read().Points);

        Assert.Equal(3, point.Runs);
        Assert.Equal(4.13, point[Measure.Spliced].Mean, 1e-12);
        // Standard deviation 0.03 over the root of three; over contexts the root of the mean of 1, 4 and 9 ten-thousandths.
        Assert.Equal(0.03 / Math.Sqrt(3), point[Measure.Increase].BetweenSeeds, 1e-12);
        Assert.Equal(Math.Sqrt(14e-4 / 3), point[Measure.Increase].OverContexts, 1e-12);
        Assert.Equal(point[Measure.Increase].BetweenSeeds, point[Measure.Increase].StandardError);
    }

    [Fact]
    public void OneSeed_HasTheErrorOverContexts()
    {
        Run("a").Write();

        FrontierPoint point = Assert.Single(Read().Points);

        Assert.Equal(0.01, point[Measure.Increase].StandardError, 1e-12);
        Assert.True(double.IsNaN(point[Measure.Increase].BetweenSeeds));
        Assert.True(double.IsNaN(point[Measure.Fvu].StandardError));
    }

    [Fact]
    public void Types_AreLines_AndKsTheirPoints_InOrder()
    {
        foreach (int k in new[] { 16, 4, 8 })
            foreach (string type in new[] { "transcoder", "mxd" }) (Run($"{type}-{k}") with { Type = type, K = k }).Write();
        (Run("dense") with { Type = "dense" }).Write();

        Frontier frontier = Read();

        Assert.Equal(["MxD", "Transcoder", "Dense MLP"], frontier.Lines.Select(l => l.Label));
        Assert.Equal([4, 8, 16], frontier.Lines[0].Points.Select(p => p.K!.Value));
        Assert.True(frontier.Lines[2].IsControl);
        Assert.Null(Assert.Single(frontier.Lines[2].Points).K);
        Assert.Empty(frontier.Notes);
    }

    [Fact]
    public void OfSeveralLearningRates_TheBestOnOtherTextStays_AndIsNamed()
    {
        // Better on the figure's text, worse on the text that the runs held out.
        (Run("slow") with { LearningRate = 3e-4, HeldOutFvu = 0.5, Spliced = 4.01 }).Write();
        (Run("good") with { LearningRate = 1e-3, HeldOutFvu = 0.4, Spliced = 4.20 }).Write();
        (Run("broken") with { LearningRate = 3e-3, HeldOutFvu = double.NaN, Spliced = 4.02 }).Write();

        Frontier frontier = Read();

        FrontierPoint point = Assert.Single(frontier.Points);
        Assert.Equal(1e-3, point.LearningRate);
        Assert.Equal(4.20, point[Measure.Spliced].Mean, 1e-12);
        Assert.Equal("MxD, K = 8: learning rate 0.001 of 0.0003, 0.001, 0.003, by FVU on held-out text at the end of training.", Assert.Single(frontier.Notes));
        Assert.Equal(["good"], frontier.Runs.Where(frontier.Uses).Select(r => Path.GetFileName(r.Path)));
    }

    [Fact]
    public void ASeedThatWasTrainedTwice_CountsOnce_AndIsNamed()
    {
        // As where a sweep over K repeats the K at which another chose the rate.
        foreach (string name in new[] { "rates-k8", "ks-k8" }) Run(name).Write();
        (Run("other") with { Seed = 1, Spliced = 4.2 }).Write();

        Frontier frontier = Read();

        FrontierPoint point = Assert.Single(frontier.Points);
        Assert.Equal(2, point.Runs);
        Assert.Equal(0.05, point[Measure.Increase].BetweenSeeds, 1e-12);
        Assert.Equal($"MxD: {In("rates-k8")} has the configuration and seeds of another run and counts once.", Assert.Single(frontier.Notes));
    }

    [Fact]
    public void RatesAtWhichSeedsFailed_AreNamedWithTheSeedsTheyWereJudgedBy()
    {
        foreach (int seed in new[] { 0, 1 }) (Run($"s{seed}") with { Seed = seed }).Write();
        (Run("fast") with { LearningRate = 3e-3 }).Write();

        Assert.Equal("MxD, K = 8: learning rate 0.001 of 0.001 (2 seeds), 0.003 (1 seed), by FVU on held-out text at the end of training.", Assert.Single(Read().Notes));
    }

    [Fact]
    public void RunsThatHeldOutOtherText_AreNotChosenAmong()
    {
        Run("a").Write();
        (Run("b") with { LearningRate = 3e-3, ValidationHash = "0123456789abcdef" }).Write();

        Assert.Equal(["MxD, held out 012345", "MxD, held out 5 %"], Read().Lines.Select(l => l.Label).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void EveryLearningRate_IsALine_WhereThatIsAskedFor()
    {
        (Run("a") with { LearningRate = 3e-4 }).Write();
        Run("b").Write();

        Frontier frontier = Frontier.Of(ComparedRuns.Read([folder]).Runs, allLearningRates: true);

        Assert.Equal(["MxD, lr 0.0003", "MxD, lr 0.001"], frontier.Lines.Select(l => l.Label));
    }

    [Fact]
    public void RunsOfDifferentLengths_AreNeverAveraged()
    {
        Run("short").Write();
        (Run("long") with { Tokens = 4096 }).Write();

        Assert.Equal(["MxD, 1,024 tokens", "MxD, 4,096 tokens"], Read().Lines.Select(l => l.Label).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Points_ComeBackFromCsvAndFromJson_AsTheyWere()
    {
        (Run("a") with { Spliced = 4.1 + 1.0 / 3 }).Write();
        (Run("b") with { Seed = 1, Spliced = 4.2 }).Write();
        (Run("dense") with { Type = "dense" }).Write();
        FrontierPoint[] points = [.. Read().Points];
        File.WriteAllText(In("points.csv"), FrontierCsv.Write(points));
        File.WriteAllText(In("points.json"), new System.Text.Json.Nodes.JsonObject { ["points"] = new System.Text.Json.Nodes.JsonArray([.. points.Select(p => p.ToJson())]) }.ToJsonString());

        foreach (string file in new[] { "points.csv", "points.json" })
        {
            IReadOnlyList<FrontierPoint> read = PublishedPoints.Read(In(file));
            Assert.Equal(FrontierCsv.Write(points.Select(p => p with { Source = "points" })), FrontierCsv.Write(read));
        }
    }

    [Fact]
    public void PublishedPoints_AreLinesOfTheirOwn()
    {
        Run("a").Write();
        File.WriteAllText(In("published.csv"), "type,k,cross_entropy_spliced,fvu\nmxd,16,4.2305,0.3143\nmxd,8,4.2303,0.3297\n");

        Frontier frontier = Frontier.Of(ComparedRuns.Read([folder]).Runs, published: PublishedPoints.Read(In("published.csv")));

        FrontierLine line = frontier.Lines[1];
        Assert.Equal(("MxD (published)", "published"), (line.Label, line.Source));
        Assert.Equal([0.3297, 0.3143], line.Points.Select(p => p[Measure.Fvu].Mean));
        Assert.True(double.IsNaN(line.Points[0][Measure.Kl].Mean));
    }

    [Fact]
    public void PublishedLines_KeepTheirNames_AndWhatIsNoErrorIsNone()
    {
        Run("a").Write();
        File.WriteAllText(In("theirs.json"), """
            {"points": [{"type": "dense", "line": "dense of H", "fvu": 0.2, "standard_errors": 0.01}, {"type": "dense", "line": "dense of parameters", "fvu": 0.1}]}
            """);

        Frontier frontier = Frontier.Of(ComparedRuns.Read([folder]).Runs, published: PublishedPoints.Read(In("theirs.json")));

        Assert.Equal(["dense of H (theirs)", "dense of parameters (theirs)"], frontier.Lines.Skip(1).Select(l => l.Label));
    }

    [Theory]
    [InlineData("type,k,fuv\nmxd,8,0.3\n", "column 'fuv'", "fvu")]
    [InlineData("k,fvu\n8,0.3\n", "no column 'type'", "add it")]
    [InlineData("type,k,fvu\nmxd,8,0;3\n", "line 2: fvu is '0;3'", "a number")]
    [InlineData("type,k,fvu\nmxd,8.5,0.3\n", "line 2: k is '8.5'", "a whole number")]
    [InlineData("type,k,fvu\nmxd,8\n", "line 2 has 2 fields", "3 columns")]
    [InlineData("type,k,fvu\nmxd,3000000000,0.3\n", "line 2: k is '3000000000'", "a number from 0 to 2147483647")]
    [InlineData("type,line,k,fvu\nmxd, \"a\"b,8,0.3\n", "line 2: the quotation marks of", "around a whole field")]
    [InlineData("type,k\nmxd,8\n", "without any of the numbers", "fvu")]
    [InlineData("type,k,fvu\n", "no points", "")]
    [InlineData("{\"runs\":[]}", "no 'points'", "mxd compare --json")]
    public void PublishedPoints_ThatCannotBeRead_AreRefused(string text, string problem, string hint)
    {
        File.WriteAllText(In("points"), text);

        string message = Assert.Throws<MxdInputException>(() => PublishedPoints.Read(In("points"))).Message;

        Assert.Contains(problem, message, StringComparison.Ordinal);
        Assert.Contains(hint, message, StringComparison.Ordinal);
    }

    private Frontier Read() => Frontier.Of(ComparedRuns.Read([folder]).Runs);

    private WrittenRun Run(string name) => new(In(name));

    private string In(string name) => Path.Combine(folder, name);
}
