using Mxd.Hub;

namespace Mxd.Tests.Hub;

/// <summary>Contents that break off, are other than promised, or never end.</summary>
public sealed class HubTransferFaultTests : IDisposable
{
    private const string File = "deep/er/large.bin";

    private readonly HubScene scene = new();

    public void Dispose() => scene.Dispose();

    [Fact]
    public void Truncated_IsGoneOnWith_FromWhereItBroke()
    {
        scene.Hub.ContentFaults.Enqueue(HubFaults.BreakOff(scene.Large, 100_000));
        scene.Hub.ContentFaults.Enqueue(HubFaults.BreakOff(scene.Large, 50_000));
        Assert.Equal(scene.Large, scene.Fetch(File));
        Assert.Equal(["bytes=100000-", "bytes=150000-"], scene.Hub.Ranges.Distinct());
        Assert.All(scene.Downloads.Notes, note => Assert.StartsWith("'deep/er/large.bin' broke off (", note, StringComparison.Ordinal));
        Assert.Equal(scene.Downloads.Advances.Order(), scene.Downloads.Advances);
    }

    /// <summary>Attempts that bring something do not count against those allowed.</summary>
    [Fact]
    public void TruncatedOften_ArrivesAllTheSame()
    {
        for (int i = 0; i < 12; i++) scene.Hub.ContentFaults.Enqueue(HubFaults.BreakOff(scene.Large, 20_000));
        Assert.Equal(scene.Large, scene.Fetch(File));
    }

    [Fact]
    public void TruncatedWithoutGetting_Further_EndsAndKeepsWhatArrived()
    {
        scene.Hub.ContentFaults.Enqueue(HubFaults.BreakOff(scene.Large, 100_000));
        for (int i = 0; i < 10; i++) scene.Hub.ContentFaults.Enqueue(HubFaults.BreakOff(scene.Large, 0));
        string message = scene.Refused(() => scene.Fetch(File));
        Assert.StartsWith("Model owner/name: 'deep/er/large.bin' broke off (", message, StringComparison.Ordinal);
        Assert.EndsWith("again and again: try again later; what has arrived is kept and gone on with.", message, StringComparison.Ordinal);
        Assert.Equal(100_000, new FileInfo(scene.Partial(scene.Large)).Length);
        scene.Hub.ContentFaults.Clear();
        Assert.Equal(scene.Large, scene.Fetch(File));
    }

    [Fact]
    public void ServerThatIgnoresRanges_SendsFromTheBeginning()
    {
        scene.Hub.ContentFaults.Enqueue(HubFaults.BreakOff(scene.Large, 100_000));
        scene.Hub.ContentFaults.Enqueue(HubFaults.Send(scene.Large));
        Assert.Equal(scene.Large, scene.Fetch(File));
    }

    /// <summary>Each connection brings as much as the last: that is no progress, and must end.</summary>
    [Fact]
    public void ServerThatIgnoresRanges_AndBreaksOff_Ends()
    {
        for (int i = 0; i < 20; i++) scene.Hub.ContentFaults.Enqueue(HubFaults.BreakOff(scene.Large, i % 2 == 0 ? 100_000 : 50_000, ignoresRange: true));
        Assert.Contains("again and again", scene.Refused(() => scene.Fetch(File)), StringComparison.Ordinal);
    }

    [Fact]
    public void ServerThatSendsAnotherRange_IsAskedFromTheBeginning()
    {
        scene.Hub.ContentFaults.Enqueue(HubFaults.BreakOff(scene.Large, 100_000));
        scene.Hub.ContentFaults.Enqueue(HubFaults.Send(scene.Large[50_000..], rangeFrom: 50_000));
        Assert.Equal(scene.Large, scene.Fetch(File));
    }

    [Fact]
    public void PartOfAFileOfUnknownSize_ThatIsWhole_IsDownloadedAgain()
    {
        HubScene.Write(scene.Partial(scene.Small), scene.Small);
        scene.Hub.FactFaults.Enqueue(context =>
        {
            context.Response.StatusCode = 302;
            context.Response.Headers["Location"] = $"{scene.Hub.StorageEndpoint}/x";
            context.Response.Headers["X-Linked-ETag"] = FakeHub.Etag(scene.Small);
            context.Response.Close();
        });
        Assert.Equal(scene.Small, scene.Fetch("config.json"));
    }

    [Fact]
    public void WrongContentOnce_IsDownloadedAgain()
    {
        scene.Hub.ContentFaults.Enqueue(HubFaults.Send(new byte[scene.Large.Length]));
        Assert.Equal(scene.Large, scene.Fetch(File));
        Assert.Equal("'deep/er/large.bin' has a wrong checksum; downloading it again from its beginning.", Assert.Single(scene.Downloads.Notes));
    }

    [Theory]
    [InlineData(File)]
    [InlineData("config.json")]
    public void WrongContentTwice_IsAnError_AndNothingIsKept(string path)
    {
        byte[] content = path == File ? scene.Large : scene.Small;
        for (int i = 0; i < 2; i++) scene.Hub.ContentFaults.Enqueue(HubFaults.Send(new byte[content.Length]));
        Assert.Equal(
            $"Model owner/name: '{path}' arrived twice with contents that do not have the checksum {FakeHub.Etag(content)}: try again later; nothing of it was kept.",
            scene.Refused(() => scene.Fetch(path)));
        Assert.Empty(Directory.GetFiles(Path.Combine(scene.Folder, "blobs")));
        Assert.False(Directory.Exists(scene.InSnapshot("")));
    }

    /// <summary>What an earlier download left does not count as an arrival.</summary>
    [Fact]
    public void WrongContent_AfterAWrongPartialFile_IsDownloadedOnceMore()
    {
        HubScene.Write(scene.Partial(scene.Large), new byte[scene.Large.Length]);
        scene.Hub.ContentFaults.Enqueue(HubFaults.Send(new byte[scene.Large.Length]));
        Assert.Equal(scene.Large, scene.Fetch(File));
    }

    [Fact]
    public void ContentWithoutEnd_IsLeftWhereItIsTooLong()
    {
        for (int i = 0; i < 2; i++) scene.Hub.ContentFaults.Enqueue(HubFaults.SendForever(new string('x', 10_000)));
        Assert.Contains("do not have the checksum", scene.Refused(() => scene.Fetch(File)), StringComparison.Ordinal);
        Assert.All(scene.Downloads.Advances, bytes => Assert.InRange(bytes, 0, 300_000 + (1 << 20)));
    }

    [Theory]
    [InlineData("5")]
    [InlineData("-5")]
    [InlineData("many")]
    public void WrongSize_Ends(string size)
    {
        for (int i = 0; i < 2; i++) scene.Hub.FactFaults.Enqueue(HubFaults.Facts($"\"{FakeHub.Etag(scene.Small)}\"", scene.Small.Length, size));
        if (size == "5") Assert.Contains("do not have the checksum", scene.Refused(() => scene.Fetch("config.json")), StringComparison.Ordinal);
        else Assert.Equal(scene.Small, scene.Fetch("config.json"));
    }

    /// <summary>More than any disk has.</summary>
    [Fact]
    public void SizeThatDoesNotFit_IsRefused_BeforeAnythingIsSent()
    {
        scene.Hub.FactFaults.Enqueue(HubFaults.Facts($"\"{FakeHub.Etag(scene.Small)}\"", scene.Small.Length, $"{1L << 60}"));
        string message = scene.Refused(() => scene.Fetch("config.json"));
        Assert.Contains("'config.json' needs ", message, StringComparison.Ordinal);
        Assert.EndsWith("make room, or set HF_HUB_CACHE to another disk.", message, StringComparison.Ordinal);
        Assert.Equal(0, scene.Hub.Downloads);
    }

    [Fact]
    public void ServerThatFallsSilent_IsAskedAgain_ForTheRest()
    {
        scene.Options = scene.NewOptions(silenceSeconds: 0.5);
        using var end = new ManualResetEvent(false);
        scene.Hub.ContentFaults.Enqueue(HubFaults.FallSilent(scene.Large, 100_000, end));
        Assert.Equal(scene.Large, scene.Fetch(File));
        Assert.Contains("'deep/er/large.bin' broke off (silent for 0.5 s); trying again in 0 s (1 of 4).", scene.Downloads.Notes);
        Assert.Contains("bytes=100000-", scene.Hub.Ranges);
        end.Set();
    }

    [Fact]
    public void StorageThatRefuses_IsNotTakenForTheHub()
    {
        scene.Hub.ContentFaults.Enqueue(HubFaults.Status(403));
        Assert.Equal(scene.Large, scene.Fetch(File, id: new HubId("owner/name")));
        System.IO.File.Delete(scene.InSnapshot(File));
        System.IO.File.Delete(scene.Blob(scene.Large));
        for (int i = 0; i < 5; i++) scene.Hub.ContentFaults.Enqueue(HubFaults.Status(403));
        string message = scene.Refused(() => scene.Fetch(File));
        Assert.Contains("127.0.0.1, where 'deep/er/large.bin' is stored, answers 403", message, StringComparison.Ordinal);
        for (int i = 0; i < 5; i++) scene.Hub.ContentFaults.Enqueue(HubFaults.Status(503));
        Assert.Contains("is stored, answers 503, again and again: try again later", scene.Refused(() => scene.Fetch(File)), StringComparison.Ordinal);
    }

    [Fact]
    public void CancelledDownload_KeepsWhatArrived()
    {
        using var stop = new CancellationTokenSource();
        using var end = new ManualResetEvent(false);
        scene.Hub.ContentFaults.Enqueue(HubFaults.FallSilent(scene.Large, 100_000, end));
        scene.Downloads.OnAdvance = bytes =>
        {
            if (bytes > 0) stop.Cancel();
        };
        Assert.ThrowsAny<OperationCanceledException>(() => scene.Fetch(File, cancellation: stop.Token));
        end.Set();
        Assert.InRange(new FileInfo(scene.Partial(scene.Large)).Length, 1, 100_000);
        Assert.Equal(scene.Large, scene.Fetch(File));
    }
}
