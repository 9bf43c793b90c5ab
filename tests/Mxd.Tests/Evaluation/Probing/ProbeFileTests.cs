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
    [InlineData("/data/*.jsonl", "-")]
    [InlineData("/data/.hidden", "-hidden")]
    [InlineData("/data/日本.jsonl", "--")]
    public void Names_AreThoseOfTheTexts_FitForAFile(string data, string name) => Assert.Equal(name, ProbeFile.NameOf(data));

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
