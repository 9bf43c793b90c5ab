using System.Globalization;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using Mxd.Evaluation;
using Mxd.Exploration.Reports;
using Mxd.Runtime;

namespace Mxd.Tests.Exploration.Reports;

public sealed class HtmlReportTests
{
    private const string Hostile = "</title></style><script>alert('1')</script><img src=x onerror=\"alert(2)\"> & \" '";

    [Fact]
    public void Build_GivesWellFormedHtml()
    {
        foreach (int runs in new[] { 1, 2, 7 })
        {
            IHtmlDocument page = Parse(HtmlReport.Build(SampleReport.Of("plain", runs)));
            Assert.Equal("en", page.DocumentElement.GetAttribute("lang"));
            Assert.Single(page.QuerySelectorAll("h1"));
            AssertHeadingsAreInOrder(page);
            AssertIdsAreUnique_AndLinksLead(page);
        }
    }

    [Fact]
    public void Build_EscapesWhateverIsPutIn()
    {
        IHtmlDocument page = Parse(HtmlReport.Build(SampleReport.Of(Hostile)));
        Assert.Empty(page.QuerySelectorAll("script, img, iframe, object, embed, link"));
        Assert.Single(page.QuerySelectorAll("head > style"));
        Assert.Equal($"Title {Hostile}", page.Title);
        Assert.Equal($"Title {Hostile}", page.QuerySelector("h1")!.TextContent);
        Assert.Contains(page.QuerySelectorAll("mark.peak"), mark => mark.TextContent == Hostile);
        Assert.Contains(page.QuerySelectorAll("svg title"), title => title.TextContent.Contains(Hostile, StringComparison.Ordinal));
        Assert.All(page.All.SelectMany(e => e.Attributes), a => Assert.False(a.Name.StartsWith("on", StringComparison.Ordinal), a.Name));
    }

    [Fact]
    public void Build_RefersToNothingOutside()
    {
        string html = HtmlReport.Build(SampleReport.Of("plain"));
        Assert.DoesNotMatch(@"https?:|(?<!:)//[a-z]|url\(|@import|<script|srcset", html);
        IHtmlDocument page = Parse(html);
        Assert.All(page.QuerySelectorAll("[href]"), e => Assert.StartsWith("#", e.GetAttribute("href")!, StringComparison.Ordinal));
        Assert.Empty(page.QuerySelectorAll("[src]"));
        Assert.StartsWith("default-src 'none'", page.QuerySelector("meta[http-equiv=Content-Security-Policy]")!.GetAttribute("content")!, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_GivesTheSameBytesForTheSameContent() =>
        Assert.Equal(HtmlReport.Build(SampleReport.Of("plain")), HtmlReport.Build(SampleReport.Of("plain")));

    [Fact]
    public void Results_HaveEveryNumberExactly()
    {
        ReportContent content = SampleReport.Of("plain");
        IHtmlDocument page = Parse(HtmlReport.Build(content));
        IElement[] rows = [.. page.QuerySelectorAll("section[aria-labelledby=results] tbody tr")];
        Assert.Equal(2, rows.Length);
        foreach ((IElement row, ReportedRun run) in rows.Zip(content.Runs))
        {
            CostOfReplacement cost = run.Evaluation.Cost;
            double[] expected =
            [
                cost.CrossEntropy.Model, cost.CrossEntropy.Spliced, cost.CrossEntropyIncrease.Spliced, cost.CrossEntropyRecovered, cost.Kl, cost.Fvu!.Value,
                cost.L0!.Value, cost.DeadFraction!.Value, run.Evaluation.Parameters, cost.CrossEntropy.ZeroAblated, cost.CrossEntropy.MeanAblated,
            ];
            Assert.Equal(expected, row.QuerySelectorAll("data").Select(d => double.Parse(d.GetAttribute("value")!, CultureInfo.InvariantCulture)));
            Assert.StartsWith("3.3333 ± 0.1000", row.QuerySelector("td")!.TextContent, StringComparison.Ordinal);
        }
        // A standard error that is undefined is not shown.
        Assert.Equal("0.9643", rows[0].QuerySelectorAll("td")[3].TextContent);
    }

    [Fact]
    public void Tables_HaveHeadersAndCaptions_AndScrollWithinTheirBox()
    {
        IHtmlDocument page = Parse(HtmlReport.Build(SampleReport.Of("plain")));
        IElement[] tables = [.. page.QuerySelectorAll("table")];
        Assert.Equal(2, tables.Length);
        Assert.All(tables, table =>
        {
            Assert.NotNull(table.QuerySelector("caption"));
            Assert.All(table.QuerySelectorAll("thead th"), th => Assert.Equal("col", th.GetAttribute("scope")));
            Assert.All(table.QuerySelectorAll("tbody tr"), tr => Assert.Equal("row", tr.FirstElementChild!.GetAttribute("scope")));
            Assert.Equal(table.QuerySelectorAll("thead th").Length, table.QuerySelector("tbody tr")!.ChildElementCount);
            Assert.Equal("0", table.ParentElement!.GetAttribute("tabindex"));
            // A region is known by another name than the section it is in.
            Assert.Equal(table.QuerySelector("caption")!.Id, table.ParentElement.GetAttribute("aria-labelledby"));
        });
        Assert.All(page.QuerySelectorAll("figure.wide > div"), frame => Assert.Equal(("0", frame.QuerySelector("title")!.TextContent), (frame.GetAttribute("tabindex")!, frame.GetAttribute("aria-label")!)));
        Assert.NotEmpty(page.QuerySelectorAll("figure.wide > div"));
        Assert.All(page.QuerySelectorAll("figure"), figure =>
        {
            Assert.Equal("img", figure.QuerySelector("svg")!.GetAttribute("role"));
            Assert.NotEqual("", figure.QuerySelector("svg > title")!.TextContent);
            Assert.NotEqual("", figure.QuerySelector("figcaption")!.TextContent);
        });
    }

    [Fact]
    public void Units_MarkEveryActiveTokenWithItsValue()
    {
        IHtmlDocument page = Parse(HtmlReport.Build(SampleReport.Of("plain")));
        IElement excerpt = page.QuerySelector(".contexts p")!;
        Assert.Equal(["0.1", "2.5", "1.3, part of the character that follows", "0.6"], excerpt.QuerySelectorAll("mark").Select(m => m.GetAttribute("title")));
        Assert.Equal(["a1", "a5 peak", "a3", "a2"], excerpt.QuerySelectorAll("mark").Select(m => m.ClassName));
        Assert.Equal("<|end|>a plainplain▫↵␁ b", excerpt.TextContent);
    }

    [Fact]
    public void Units_NameTokensWithSharesThatAreLeastOnes()
    {
        IHtmlDocument page = Parse(HtmlReport.Build(SampleReport.Of("plain")));
        Assert.Equal(
            ["A few tokens: plain 75.0\u00a0%, ⟨E2⟩ 25.0\u00a0% of its activation, at least.", "A topic: active in 25.0\u00a0% of the contexts that its tokens, scattered at random, would touch; of its activation, at least, on plain 75.0\u00a0%, ⟨E2⟩ 25.0\u00a0%."],
            page.QuerySelectorAll("article.unit > p:not(.muted)").Take(2).Select(p => p.TextContent));
    }

    [Fact]
    public void Usage_NamesTheTextItIsOf_HeldOutOrNot()
    {
        ReportContent content = SampleReport.Of("plain");
        IElement section = Parse(HtmlReport.Build(content with { Text = content.Text! with { Files = ["train.jsonl"] } })).QuerySelector("section[aria-labelledby=usage]")!;
        Assert.Contains("tokens, of train.jsonl;", section.TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain("held-out", section.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void ARunThatHasNotEnded_SaysHowFarItIs()
    {
        ReportContent content = SampleReport.Of("plain");
        ReportedRun run = content.Runs[0];
        IHtmlDocument page = Parse(HtmlReport.Build(content with { Runs = [run with { Result = null, Description = run.Description! with { Options = run.Description.Options with { Tokens = 1_024_000, Batch = 1024 } } }] }));
        Assert.Contains("4,096 tokens so far, of 1,024,000 planned, of train plain", page.QuerySelector("section[aria-labelledby=setup]")!.TextContent, StringComparison.Ordinal);
        Assert.Contains("last measured run 0 plain", page.QuerySelector("section[aria-labelledby=training] figcaption")!.TextContent, StringComparison.Ordinal);
        Assert.Contains("at the end run 0 plain", Parse(HtmlReport.Build(content)).QuerySelector("section[aria-labelledby=training] figcaption")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void TheFrontier_SaysWhichLearningRatesItLeavesOut()
    {
        ReportContent content = SampleReport.Of("plain");
        ReportedRun first = content.Runs[0], other = first with { Name = "other", Description = first.Description! with { Options = first.Description.Options with { LearningRate = 0.5 } } };
        IHtmlDocument page = Parse(HtmlReport.Build(content with { Runs = [.. content.Runs, other] }));
        Assert.Contains("learning rate 0.001 of 0.001, 0.5", page.QuerySelector("section[aria-labelledby=frontier] figcaption")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void ARecoveredShareThatIsUndefined_IsADash()
    {
        ReportContent content = SampleReport.Of("plain");
        ReportedRun run = content.Runs[0];
        string html = HtmlReport.Build(content with { Runs = [run with { Evaluation = run.Evaluation with { Cost = run.Evaluation.Cost with { CrossEntropyRecovered = double.NaN } } }] });
        Assert.Contains("Recovered:\u00a0–.", html, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", html, StringComparison.Ordinal);
    }

    [Fact]
    public void AReportWithoutUnits_HasNoSectionsOfThem()
    {
        ReportContent content = SampleReport.Of("plain");
        IHtmlDocument page = Parse(HtmlReport.Build(content with { Text = null, Runs = [.. content.Runs.Select(r => r with { Units = null, Metrics = [] })] }));
        Assert.Null(page.GetElementById("units"));
        Assert.Null(page.GetElementById("usage"));
        Assert.Null(page.GetElementById("training"));
        Assert.NotNull(page.GetElementById("frontier"));
        AssertIdsAreUnique_AndLinksLead(page);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RunsMeasuredOnOtherTokens_OrAtAnotherLayer_AreNotComparedInAFigure(bool isAtAnotherLayer)
    {
        ReportContent content = SampleReport.Of("plain");
        ReportedRun run = content.Runs[1], other = isAtAnotherLayer
            ? run with { Saved = run.Saved with { Origin = run.Saved.Origin! with { Output = "blocks.2.hook_mlp_out" } } }
            : run with { Evaluation = run.Evaluation with { TextHash = "other" } };
        IHtmlDocument page = Parse(HtmlReport.Build(content with { Runs = [content.Runs[0], other] }));
        Assert.Null(page.GetElementById("frontier"));
        Assert.Contains(page.QuerySelectorAll(".note"), note => note.TextContent.Contains("cannot be compared", StringComparison.Ordinal));
        Assert.DoesNotContain("The lowest cross-entropy", page.Body!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_GoesOverAnotherReport_AndOverNothingElse()
    {
        string folder = Directory.CreateTempSubdirectory("mxd-tests-").FullName;
        try
        {
            string file = Path.Combine(folder, "report.html"), notes = Path.Combine(folder, "notes.html");
            HtmlReport.CheckPlace(file);
            HtmlReport.Write(file, SampleReport.Of("plain"));
            HtmlReport.CheckPlace(file);
            File.WriteAllText(notes, "<!doctype html>\n<html lang=\"en\">");
            Assert.Contains("is no steering page of mxd", Assert.Throws<MxdInputException>(() => HtmlReport.CheckPlace(file, Page.Steer, "steering page")).Message, StringComparison.Ordinal);
            Assert.Contains("is no report of mxd", Assert.Throws<MxdInputException>(() => HtmlReport.CheckPlace(notes)).Message, StringComparison.Ordinal);
            string below = Path.Combine(notes, "report.html");
            Assert.Contains($"The report {below} cannot be written", Assert.Throws<MxdInputException>(() => HtmlReport.CheckPlace(below)).Message, StringComparison.Ordinal);
            Assert.Contains("is a folder", Assert.Throws<MxdInputException>(() => HtmlReport.CheckPlace(folder)).Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Html_EscapesHolesOnce_AndNoMore()
    {
        string hole = "<&\"'>\u0000\u0085";
        Html inner = Html.Of($"<b>{hole}</b>");
        Assert.Equal("<b>&lt;&amp;&quot;&#39;&gt;\u2400\ufffd</b>", inner.ToString());
        Assert.Equal("<p><b>&lt;&amp;&quot;&#39;&gt;\u2400\ufffd</b>1.5</p>", Html.Of($"<p>{inner}{1.5}</p>").ToString());
    }

    /// <summary>Strict: any error of the HTML standard fails.</summary>
    private static IHtmlDocument Parse(string html) => new HtmlParser(new HtmlParserOptions { IsStrictMode = true }).ParseDocument(html);

    private static void AssertHeadingsAreInOrder(IHtmlDocument page)
    {
        int before = 0;
        foreach (IElement heading in page.QuerySelectorAll("h1, h2, h3, h4, h5, h6"))
        {
            int level = heading.LocalName[1] - '0';
            Assert.True(level <= before + 1, $"<{heading.LocalName}> '{heading.TextContent}' follows a heading of level {before}.");
            before = level;
        }
    }

    private static void AssertIdsAreUnique_AndLinksLead(IHtmlDocument page)
    {
        string[] ids = [.. page.QuerySelectorAll("[id]").Select(e => e.Id!)];
        Assert.Equal(ids.Distinct(), ids);
        Assert.All(page.QuerySelectorAll("a[href]"), a => Assert.Contains(a.GetAttribute("href")![1..], ids));
        Assert.All(page.QuerySelectorAll("[aria-labelledby]"), e => Assert.Contains(e.GetAttribute("aria-labelledby"), ids));
    }
}
