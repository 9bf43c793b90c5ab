using System.Text.Json;
using Mxd.Layers;
using Mxd.Metrics;
using Mxd.Runtime;
using Mxd.Tests.Runtime;
using Mxd.Training;

namespace Mxd.Tests.Training;

public sealed class MetricsLogTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Path => folder.File("metrics.jsonl");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Add_WritesOneLineOfJsonEach()
    {
        Write(0, 1, 2, 3);
        Assert.Equal([1, 2, 3], Steps());
        Assert.All(File.ReadAllLines(Path), line => Assert.Equal(line, JsonSerializer.Serialize(Json.Read<MetricsLine>(line, "line"), Json.Compact)));
    }

    [Fact]
    public void Open_CutsOffWhatCameAfterTheKeptBytes()
    {
        long kept = Write(0, 1, 2);
        Write(kept, 3, 4);
        Write(kept, 5);
        Assert.Equal([1, 2, 5], Steps());
    }

    [Fact]
    public void Open_StartsAnew_WhereNothingIsKept()
    {
        Write(0, 1, 2);
        Write(0, 9);
        Assert.Equal([9], Steps());
    }

    [Fact]
    public void Open_MakesNoHole_WhereTheFileIsShorterThanWhatIsKept()
    {
        long kept = Write(0, 1);
        Write(kept + 1000, 2);
        Assert.Equal([1, 2], Steps());
    }

    private long Write(long keep, params long[] steps)
    {
        using var log = new MetricsLog(Path, keep);
        foreach (long step in steps)
            log.Add(new MetricsLine(step, step * 4096, 1e-3, new LossTerms(0.5), 3.25, 7, new Reconstruction(0.25, 0.5, 3, 0, 10, 0), 1, 2, double.NaN));
        return log.Length;
    }

    private long[] Steps() => [.. File.ReadAllLines(Path).Select(line => Json.Read<MetricsLine>(line, "line").Step)];
}
