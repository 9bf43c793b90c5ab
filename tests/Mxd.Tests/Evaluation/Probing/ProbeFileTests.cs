using Mxd.Evaluation.Probing;
using Mxd.Tests.Runtime;
using Mxd.Training;

namespace Mxd.Tests.Evaluation.Probing;

public sealed class ProbeFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("/data/ag_news.jsonl", "ag_news")]
    [InlineData("/data/news.v2.csv.gz", "news.v2")]
    [InlineData("fancyzhx/ag_news@abc:test*.parquet", "ag_news")]
    [InlineData("/data/*.jsonl", "texts")]
    [InlineData("/data/.hidden", "-hidden")]
    [InlineData("/data/日本.jsonl", "texts")]
    public void Names_AreThoseOfTheTexts_FitForAFile(string data, string name) => Assert.Equal(name, ProbeFile.NameOf(data));

    [Theory]
    [InlineData("/data/languages.jsonl", "languages")]
    [InlineData("/data/languages.jsonl /more/ag_news.csv", "languages+ag_news")]
    [InlineData("/data/train.jsonl /more/train.jsonl", "train")]
    [InlineData("/data/a-name-of-forty-characters-or-a-few-more1.jsonl /data/b-name-of-forty-characters-or-a-few-more2.jsonl /data/c.jsonl", "a-name-of-forty-characters-or-a-few-more1+2")]
    public void SeveralTexts_GiveTheirNamesTogether(string data, string name) => Assert.Equal(name, ProbeFile.NameOf(data.Split(' ')));

    [Fact]
    public void OfLayersInPlace_TheSetMakesAnotherResult()
    {
        ProbeReport both = Report() with { Protocol = Report().Protocol with { InPlace = true, Run = ["/runs/a", "/runs/b"] } };
        var run = new RunFolder(folder.Path);
        Assert.Equal(run.ProbeFile("a"), ProbeFile.Save(Report(), run));
        Assert.Equal(run.ProbeFile("a-2"), ProbeFile.Save(both, run));
        Assert.Equal(run.ProbeFile("a-2"), ProbeFile.Save(both with { Protocol = both.Protocol with { Run = ["/runs/b", "/runs/a"] } }, run));
        // Runs of the same names elsewhere may be others.
        Assert.Equal(run.ProbeFile("a-3"), ProbeFile.Save(both with { Protocol = both.Protocol with { Run = ["/others/a", "/others/b"] } }, run));
        Assert.Equal(run.ProbeFile("a-4"), ProbeFile.Save(both with { Protocol = both.Protocol with { Run = ["/runs/a", "/runs/c"] } }, run));
    }

    [Fact]
    public void AnotherResult_IsNotWrittenOver_AndTheSameOneIs()
    {
        var run = new RunFolder(folder.Path);
        string first = Save(Report());
        Assert.Equal(run.ProbeFile("a"), first);
        Assert.Equal(first, Save(Report()));
        Assert.Equal(first, Save(Report() with { Protocol = Report().Protocol with { Device = "cpu", Out = "/figures" } }));
        Assert.Equal(run.ProbeFile("a-2"), Save(Report() with { DataHash = "other" }));
        Assert.Equal(run.ProbeFile("a-3"), Save(Report() with { Protocol = Report().Protocol with { Pooling = "max" } }));
        Assert.Equal(run.ProbeFile("a-2"), Save(Report() with { DataHash = "other" }));
        Assert.Equal("other", ProbeFile.Read(run.ProbeFile("a-2")).DataHash);

        string Save(ProbeReport report) => ProbeFile.Save(report, run);
    }

    private static ProbeReport Report() => new(new ProbeOptions { Data = ["/data/a.jsonl"], Sizes = [1, 2] }, "hash", "model", 10, 8, [new TextClass("x", 5)], []);
}
