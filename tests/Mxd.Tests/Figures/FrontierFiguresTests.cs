using Mxd.Evaluation.Frontiers;
using Mxd.Figures;
using Mxd.Tests.Evaluation.Frontiers;

namespace Mxd.Tests.Figures;

public sealed class FrontierFiguresTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mxd-figures-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void TheFrontier_HasALineAType_AndTheControlsAndAblationsAcross()
    {
        Chart chart = Figures(FrontierAxis.K)["frontier"];

        Assert.Equal("Cross-entropy with the layer in place: tiny, layer 1", chart.Title);
        Assert.Equal(["MxD", "Transcoder"], chart.Series.Select(s => s.Label));
        Assert.Equal([8.0, 16.0], chart.Series[0].Points.Select(p => p.X));
        Assert.Equal([4.05, 4.04], chart.Series[0].Points.Select(p => p.Y));
        // The band is the increase's error, not the cross-entropy's own of 0.1, most of which the model shares.
        Assert.Equal(0.01, chart.Series[0].Points[0].Error, 1e-12);
        Assert.Equal(
            ["the model itself 4.0000", "MLP set to zero 4.5000", "MLP set to its mean 4.4000", "Dense MLP 4.0200"], chart.References.Select(r => r.Label));
        Assert.True(chart.References[0].KeepInView);
    }

    [Fact]
    public void OverL0_PointsLieWhereWasMeasured() =>
        Assert.Equal([7.5, 15.5], Figures(FrontierAxis.L0)["frontier"].Series[0].Points.Select(p => p.X));

    [Fact]
    public void Recovered_IsSetAgainstParametersAndOperations_ControlsIncluded()
    {
        IReadOnlyDictionary<string, Chart> charts = Figures(FrontierAxis.K);

        Chart parameters = charts["recovered-per-parameter"], operations = charts["recovered-per-flop"];
        Assert.Equal(["MxD", "Transcoder", "Dense MLP"], parameters.Series.Select(s => s.Label));
        Assert.False(parameters.Series[0].Style.HasLine);
        Assert.True(operations.Series[0].Style.HasLine);
        Assert.True(operations.Series[0].Points[1].X > operations.Series[0].Points[0].X);
        Assert.Equal(["K 8", "K 16"], parameters.Series[0].Points.Select(p => p.Label));
        Assert.Equal((4.5 - 4.05) / 0.5, parameters.Series[0].Points[0].Y, 1e-12);
    }

    [Fact]
    public void FvuByTokens_IsWhatWasLogged_AtOneK()
    {
        Chart chart = Figures(FrontierAxis.K)["fvu-by-tokens"];

        Assert.EndsWith(", K = 16", chart.Title, StringComparison.Ordinal);
        Assert.Equal(["MxD", "Transcoder", "Dense MLP"], chart.Series.Select(s => s.Label));
        Assert.Equal([(512.0, 0.6), (1024.0, 0.3)], chart.Series[0].Points.Select(p => (p.X, p.Y)));
    }

    [Fact]
    public void RecoveredByTokens_NeedsSeveralLengths()
    {
        Assert.DoesNotContain("recovered-by-tokens", Figures(FrontierAxis.K).Keys);
        (Run("longer", "mxd", 16) with { Tokens = 4096, Spliced = 4.01 }).Write();

        Chart chart = Figures(FrontierAxis.K)["recovered-by-tokens"];

        ChartSeries series = Assert.Single(chart.Series);
        Assert.Equal([1024.0, 4096.0], series.Points.Select(p => p.X).Order());
    }

    /// <summary>Also beside further lines of a type that comes before it.</summary>
    [Fact]
    public void AType_HasItsColourInEveryFigure()
    {
        SeriesStyle before = StyleOf("Transcoder");
        (Run("longer", "mxd", 16) with { Tokens = 4096, Spliced = 4.01 }).Write();
        Assert.Equal(before, StyleOf("Transcoder"));

        SeriesStyle StyleOf(string label) => Figures(FrontierAxis.K)["frontier"].Series.Single(s => s.Label.StartsWith(label, StringComparison.Ordinal)).Style;
    }

    [Fact]
    public void PublishedPoints_AreHollow_InTheColourOfTheirType()
    {
        File.WriteAllText(Path.Combine(folder, "published.csv"), "source,type,k,cross_entropy_spliced\npaper,mxd,8,4.03\npaper,sae,8,4.2\n");

        Chart chart = Figures(FrontierAxis.K, PublishedPoints.Read(Path.Combine(folder, "published.csv")))["frontier"];

        ChartSeries published = Assert.Single(chart.Series, s => s.Label == "MxD (paper)");
        Assert.Equal((chart.Series[0].Style.Colour, chart.Series[0].Style.Marker), (published.Style.Colour, published.Style.Marker));
        Assert.True(published.Style.IsHollow);
        Assert.Equal(chart.Series.Count, chart.Series.Select(s => s.Style).Distinct().Count());
    }

    private IReadOnlyDictionary<string, Chart> Figures(FrontierAxis axis, IReadOnlyList<FrontierPoint>? published = null)
    {
        if (Directory.GetDirectories(folder).Length == 0)
        {
            (Run("a", "mxd", 8) with { Spliced = 4.05 }).Write();
            (Run("b", "mxd", 16) with { Spliced = 4.04 }).Write();
            Run("c", "transcoder", 8).Write();
            Run("d", "transcoder", 16).Write();
            (Run("e", "dense", 8) with { Spliced = 4.02 }).Write();
        }
        return new FrontierFigures(Frontier.Of(ComparedRuns.Read([folder]).Runs, published: published), axis).All.ToDictionary(c => c.Name, c => c.Chart);
    }

    private WrittenRun Run(string name, string type, int k) => new(Path.Combine(folder, name)) { Type = type, K = k };
}
