using System.Diagnostics;
using Mxd.Hub;

namespace Mxd.Tests.Hub;

/// <summary>Several at one cache, in this process and in others.</summary>
public sealed class HubConcurrencyTests : IDisposable
{
    private const string File = "deep/er/large.bin";

    private readonly HubScene scene = new();

    public void Dispose() => scene.Dispose();

    [Fact]
    public void ManyAtOnce_DownloadOnce()
    {
        const int Count = 8;
        using var start = new Barrier(Count);
        byte[][] contents = new byte[Count][];
        Thread[] threads = [.. Enumerable.Range(0, Count).Select(i => new Thread(() =>
        {
            start.SignalAndWait();
            contents[i] = scene.Fetch(File);
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.All(contents, content => Assert.Equal(scene.Large, content));
        Assert.Single(scene.Hub.Requests, request => request.StartsWith("storage:GET", StringComparison.Ordinal));
        Assert.Equal([scene.Blob(scene.Large)], Directory.GetFiles(Path.GetDirectoryName(scene.Blob(scene.Large))!));
        Assert.Equal([scene.InSnapshot(File)], Directory.GetFiles(scene.InSnapshot("deep/er")));
    }

    [Fact]
    public void LockOfAnother_IsWaitedFor_AndItsDownloadUsed()
    {
        byte[]? content = null;
        Thread thread;
        using (HoldLock())
        {
            thread = new Thread(() => content = scene.Fetch(File));
            thread.Start();
            WaitForNote();
            HubScene.Write(scene.Blob(scene.Large), scene.Large);
        }
        thread.Join();
        Assert.Equal(scene.Large, content);
        Assert.Equal(0, scene.Hub.Downloads);
        Assert.Equal("'deep/er/large.bin' is being downloaded by another process; waiting for it.", Assert.Single(scene.Downloads.Notes));
    }

    [Fact]
    public void WaitForALock_CanBeCancelled()
    {
        using var stop = new CancellationTokenSource();
        using (HoldLock())
        {
            Exception? thrown = null;
            var thread = new Thread(() => thrown = Record.Exception(() => scene.Fetch(File, cancellation: stop.Token)));
            thread.Start();
            WaitForNote();
            stop.Cancel();
            thread.Join();
            Assert.IsType<OperationCanceledException>(thrown);
        }
        Assert.Equal(scene.Large, scene.Fetch(File));
    }

    /// <summary>The lock is the system's own (flock), as Python's filelock takes it: other programs are kept out, and keep us out.</summary>
    [Fact]
    public void LockOfAnotherProgram_IsWaitedFor()
    {
        const string Flock = "/usr/bin/flock";
        Assert.SkipUnless(System.IO.File.Exists(Flock), $"{Flock} is absent, which holds the lock for this test.");
        Directory.CreateDirectory(Path.GetDirectoryName(scene.LockFile(scene.Large))!);
        using Process other = Process.Start(new ProcessStartInfo(Flock, [scene.LockFile(scene.Large), "sh", "-c", "echo held; cat"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Assert.Equal("held", other.StandardOutput.ReadLine());
        byte[]? content = null;
        var thread = new Thread(() => content = scene.Fetch(File));
        thread.Start();
        WaitForNote();
        Assert.Equal(0, scene.Hub.Downloads);
        other.StandardInput.Close();
        thread.Join();
        other.WaitForExit();
        Assert.Equal(scene.Large, content);
    }

    private IDisposable HoldLock() =>
        new HubCache(scene.Cache, HubKind.Model, HubScene.Id).Lock(FakeHub.Etag(scene.Large), () => { }, CancellationToken.None);

    private void WaitForNote() => Assert.True(SpinWait.SpinUntil(() => !scene.Downloads.Notes.IsEmpty, TimeSpan.FromMinutes(1)));
}
