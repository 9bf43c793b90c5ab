using System.Globalization;
using System.Text.Json;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Report;

/// <summary>Evaluated runs: an mxd and a transcoder of the same layer.</summary>
public sealed class EvaluatedRuns : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public EvaluatedRuns(TinyFiles files)
    {
        TrainCall.Small(files, Mixture).Run().Succeeded();
        TrainCall.Small(files, Transcoder).Transcoder.Run().Succeeded();
        Tool.Run("eval", "--run", Mixture, Transcoder, "--contexts", "16").Succeeded();
    }

    /// <summary>Its name is not to be trusted.</summary>
    public string Mixture => folder.File("mixture & <script>alert(1)");

    public string Transcoder => folder.File("transcoder");

    public void Dispose() => folder.Dispose();
}

public sealed class ReportTests(TinyFiles files, EvaluatedRuns runs) : CliTests(files), IClassFixture<EvaluatedRuns>
{
    private string Page => Folder.File("page.html");

    [Fact]
    public void Report_OfSeveralRuns_ShowsTheNumbersOfTheirEvaluations()
    {
        JsonElement result = Report(runs.Mixture, runs.Transcoder, "--out", Page, "--units", "3", "--contexts", "24", "--json").Json();

        Assert.Equal(Page, result.GetProperty("report").GetString());
        Assert.Equal(new FileInfo(Page).Length, result.GetProperty("bytes").GetInt64());
        IHtmlDocument page = Open(Page);
        IElement[] rows = [.. page.QuerySelectorAll("section[aria-labelledby=results] tbody tr")];
        string[] folders = [runs.Mixture, runs.Transcoder];
        foreach (string folder in folders)
        {
            JsonElement cost = JsonElement.Parse(File.ReadAllText(Path.Combine(folder, "evaluation.json")));
            IElement row = rows.First(r => r.QuerySelector("th")!.TextContent.StartsWith(Path.GetFileName(folder), StringComparison.Ordinal));
            double[] shown = [.. row.QuerySelectorAll("data").Select(d => double.Parse(d.GetAttribute("value")!, CultureInfo.InvariantCulture))];
            Assert.Equal(
                [Entropy("model"), Entropy("spliced"), cost.GetProperty("cross_entropy_increase").GetProperty("spliced").GetDouble(), Number("cross_entropy_recovered"), Number("kl"), Number("fvu"), Number("l0"), Number("dead_fraction"), Number("parameters"), Entropy("zero_ablated"), Entropy("mean_ablated")],
                shown);

            double Number(string name) => cost.GetProperty(name).GetDouble();

            double Entropy(string name) => cost.GetProperty("cross_entropy").GetProperty(name).GetDouble();
        }
        Assert.NotNull(page.GetElementById("frontier"));
        Assert.NotNull(page.GetElementById("training"));
        Assert.Empty(page.QuerySelectorAll("script"));
    }

    [Fact]
    public void Report_LooksUnitsUpInHeldOutText()
    {
        JsonElement result = Report(runs.Transcoder, "--out", Page, "--units", "3", "--contexts", "24", "--json").Json();

        JsonElement units = result.GetProperty("runs")[0].GetProperty("units");
        Assert.Equal(24 * 32, units.GetProperty("usage").GetProperty("tokens").GetInt64());
        Assert.Equal(4, units.GetProperty("usage").GetProperty("l0").GetDouble(), 0.5);
        JsonElement[] sample = [.. units.GetProperty("sample").EnumerateArray()];
        Assert.Equal(3, sample.Length);
        string heldOut = string.Join('\n', File.ReadLines(Files.HeldOutText).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()));
        IHtmlDocument page = Open(Page);
        foreach (JsonElement excerpt in sample.SelectMany(u => u.GetProperty("contexts").GetProperty("strongest").EnumerateArray()))
        {
            JsonElement[] tokens = [.. excerpt.GetProperty("tokens").EnumerateArray()];
            int peak = excerpt.GetProperty("peak").GetInt32();
            Assert.Equal(tokens.Length, excerpt.GetProperty("values").GetArrayLength());
            Assert.Equal(excerpt.GetProperty("activation").GetDouble(), excerpt.GetProperty("values")[peak].GetDouble(), 1e-6);
            Assert.Contains(tokens[peak].GetString()!.Replace("<|endoftext|>", "", StringComparison.Ordinal), heldOut, StringComparison.Ordinal);
        }
        Assert.Equal(3, page.QuerySelectorAll("article.unit").Length);
        Assert.NotEmpty(page.QuerySelectorAll("mark.peak"));
    }

    [Fact]
    public void Report_GivesTheSameBytesAgain_OverTheOldOne()
    {
        Report(runs.Mixture, "--units", "2", "--contexts", "8").Succeeded();
        string file = Path.Combine(runs.Mixture, "report.html");
        byte[] first = File.ReadAllBytes(file);
        Report(runs.Mixture, "--units", "2", "--contexts", "8").Succeeded();
        Assert.Equal(first, File.ReadAllBytes(file));
        File.Delete(file);
    }

    [Fact]
    public void Report_WithoutUnits_NeedsNoLanguageModel()
    {
        ToolResult result = Report(runs.Transcoder, "--units", "0", "--out", Page).Succeeded();
        Assert.Matches(@"(?m)^report +\S*page\.html, [\d.]+ kB", result.Output);
        Assert.DoesNotContain("Loading", result.Error, StringComparison.Ordinal);
        Assert.Null(Open(Page).GetElementById("units"));
    }

    [Fact]
    public void Report_InABrowser_FitsAPhone_AndWritesNothingToTheConsole()
    {
        string browser = Browser.FindOrSkip();
        Report(runs.Mixture, runs.Transcoder, "--out", Page, "--units", "4", "--contexts", "24").Succeeded();
        foreach (int width in new[] { 360, 1280 })
        {
            Browser.View view = Browser.Open(browser, Folder.Path, Page, width);
            Assert.Empty(view.Console);
            Assert.Equal(width, view.Width, 20.0);
            Assert.True(view.ScrollWidth <= view.Width, $"The page is {view.ScrollWidth} wide in {view.Width}.");
            Assert.Equal(7, view.Sections);
            if (width == 1280) Assert.Equal(0, view.WideTables);
        }
    }

    [Fact]
    public void RunsThatWereNotEvaluated_AreRefused_WithTheCommandForAll()
    {
        Train.Run().Succeeded();
        string other = Folder.File("other");
        TrainCall.Small(Files, other).Run().Succeeded();
        Report(Run, runs.Transcoder, other).Refused($"{Run} and {other} have no evaluation.json|run 'mxd eval --run {Run} {other}' first");
        Assert.False(File.Exists("report.html"));
    }

    [Fact]
    public void EverythingThatIsWrong_IsSaidAtOnce()
    {
        string notes = Folder.Write("notes.html", "mine");
        Report(runs.Mixture, runs.Mixture, "--out", notes, "--units", "-1", "--contexts", "0", "--model-dtype", "float8").Refused(
            "named twice", "--contexts is 0", "--units is -1", "--model-dtype is 'float8'", $"{notes} exists and is no report");
        Report(runs.Mixture, "--out", Path.Combine(notes, "page.html"), "--units", "-1").Refused("--units is -1", "page.html cannot be written|is a file");
        Report().Refused("RUN is missing");
        Report(Folder.File("none")).Refused("none is not a run");
    }

    private static ToolResult Report(params string[] arguments) => Tool.Run(["report", .. arguments]);

    private static IHtmlDocument Open(string file) => new HtmlParser(new HtmlParserOptions { IsStrictMode = true }).ParseDocument(File.ReadAllText(file));
}
