using System.Net;
using System.Net.Sockets;
using Mxd.Hub;
using Mxd.Runtime;

namespace Mxd.Tests.Hub;

/// <summary>What the cache can do without the hub, and where it cannot be written.</summary>
public sealed class HubCacheTests : IDisposable
{
    private readonly HubScene scene = new();

    public void Dispose() => scene.Dispose();

    [Fact]
    public void Offline_NothingIsAsked()
    {
        scene.Fetch("config.json");
        scene.Options = scene.NewOptions(isOffline: true);
        int requests = scene.Hub.Requests.Count;
        Assert.Equal(scene.Small, scene.Fetch("config.json"));
        HubSnapshot snapshot = scene.Open();
        Assert.Equal(["config.json", "deep/er/large.bin"], snapshot.Files);
        Assert.False(snapshot.IsOfCache);
        Assert.Equal(requests, scene.Hub.Requests.Count);
    }

    [Fact]
    public void OfflineWithPythonsCache_FilesAreThoseThatAreThere()
    {
        scene.Fetch("config.json");
        scene.ForgetListings();
        File.CreateSymbolicLink(scene.InSnapshot("dangling"), "nowhere");
        scene.Options = scene.NewOptions(isOffline: true);
        HubSnapshot snapshot = scene.Open();
        Assert.Equal(["config.json"], snapshot.Files);
        Assert.True(snapshot.IsOfCache);
    }

    [Fact]
    public void OfflineWithAnEmptyCache_SaysWhatToDo()
    {
        scene.Options = scene.NewOptions(isOffline: true);
        Assert.Equal(
            $"Model owner/name is not in the cache {scene.Cache}, and HF_HUB_OFFLINE forbids to download it: unset HF_HUB_OFFLINE, set HF_HUB_CACHE to a cache that has it, or name a folder or .gguf file.",
            scene.Refused(() => scene.Open()));
        Assert.Empty(scene.Hub.Requests);
        Assert.False(Directory.Exists(scene.Cache));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OfflineWithPartOfASnapshot_NamesTheFile(bool isPythons)
    {
        scene.Fetch("config.json");
        if (isPythons) scene.ForgetListings();
        scene.Options = scene.NewOptions(isOffline: true);
        string message = scene.Refused(() => scene.Fetch("deep/er/large.bin"));
        Assert.StartsWith("Model owner/name, file 'deep/er/large.bin', is not in the cache", message, StringComparison.Ordinal);
        Assert.EndsWith("unset HF_HUB_OFFLINE.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void HubThatIsNotThere_LeavesWhatTheCacheHas()
    {
        scene.Fetch("config.json");
        scene.Options = scene.NewOptions(endpoint: "http://127.0.0.1:1");
        Assert.Equal(scene.Small, scene.Fetch("config.json"));
        string note = Assert.Single(scene.Downloads.Notes);
        Assert.StartsWith("Model owner/name cannot be had from 127.0.0.1 (", note, StringComparison.Ordinal);
        Assert.EndsWith("what the cache has of it is used.", note, StringComparison.Ordinal);
        Assert.Contains("check the connection", scene.Refused(() => scene.Fetch("deep/er/large.bin")), StringComparison.Ordinal);
    }

    [Fact]
    public void HubThatIsNotThere_IsAskedOnce()
    {
        scene.Options = scene.NewOptions(silenceSeconds: 0.02);
        using var end = new ManualResetEvent(false);
        for (int i = 0; i < 5; i++) scene.Hub.ListingFaults.Enqueue(context => end.WaitOne());
        using var client = new HubClient(scene.Options);
        Assert.Throws<MxdInputException>(() => client.Open(HubKind.Model, HubScene.Id));
        int requests = scene.Hub.Requests.Count;
        Assert.Throws<MxdInputException>(() => client.Open(HubKind.Model, HubScene.Id));
        Assert.Equal(requests, scene.Hub.Requests.Count);
        end.Set();
    }

    /// <summary>The system's queue of connections is full, and nobody takes any.</summary>
    [Fact]
    public void HubThatTakesNoConnection_IsLeftAfterOne()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems refuse connections that they cannot queue.");
        using var full = new TcpListener(IPAddress.Loopback, 0);
        full.Start(0);
        Socket[] queue = [.. Enumerable.Range(0, 4).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp) { Blocking = false })];
        foreach (Socket socket in queue) Assert.IsNotType<TimeoutException>(Record.Exception(() => socket.Connect(full.LocalEndpoint)));
        scene.Options = scene.NewOptions(endpoint: $"http://{full.LocalEndpoint}", silenceSeconds: 1);
        Assert.Contains("(no connection within 0.5 s)", scene.Refused(() => scene.Open()), StringComparison.Ordinal);
        Assert.Empty(scene.Downloads.Notes);
        foreach (Socket socket in queue) socket.Dispose();
    }

    [Theory]
    [InlineData(401, "GatedRepo")]
    [InlineData(404, "RepoNotFound")]
    [InlineData(503, null)]
    public void HubThatRefuses_LeavesWhatTheCacheHas(int status, string? code)
    {
        scene.Fetch("config.json");
        for (int i = 0; i < 5; i++) scene.Hub.ListingFaults.Enqueue(HubFaults.Status(status, code));
        Assert.Equal(scene.Small, scene.Fetch("config.json"));
        Assert.Contains("what the cache has of it is used", scene.Downloads.Notes.Last(), StringComparison.Ordinal);
    }

    /// <summary>As in a cache that many read and few may write.</summary>
    [Fact]
    public void RefThatCannotBeWritten_IsDoneWithout()
    {
        HubScene.Write(Path.Combine(scene.Folder, "refs"), []);
        HubScene.Write(scene.InSnapshot("config.json"), scene.Small);
        Assert.Equal(scene.Small, scene.Fetch("config.json"));
    }

    [Fact]
    public void CacheThatCannotBeWritten_SaysWhatToDo()
    {
        HubScene.Write(Path.Combine(scene.Cache, ".locks"), []);
        string message = scene.Refused(() => scene.Fetch("config.json"));
        Assert.StartsWith($"Model owner/name: 'config.json' cannot be kept in {scene.Cache} (", message, StringComparison.Ordinal);
        Assert.EndsWith("free space or permission there, or set HF_HUB_CACHE to another folder.", message, StringComparison.Ordinal);
    }

    /// <summary>An I/O error that is nobody's lock, as of a disk that is full or read-only, must not be waited for.</summary>
    [Fact]
    public void LockThatNobodyHolds_IsNotWaitedFor()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(scene.LockFile(scene.Small))!);
        File.CreateSymbolicLink(scene.LockFile(scene.Small), scene.LockFile(scene.Small));
        Assert.Contains("cannot be kept", scene.Refused(() => scene.Fetch("config.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void RefThatHoldsNoCommit_IsPassedOver()
    {
        HubScene.Write(scene.InSnapshot("config.json"), scene.Small);
        HubScene.Write(Path.Combine(scene.Folder, "refs", "main"), "../../../etc"u8.ToArray());
        scene.Options = scene.NewOptions(isOffline: true);
        Assert.Contains("is not in the cache", scene.Refused(() => scene.Open()), StringComparison.Ordinal);
    }
}
