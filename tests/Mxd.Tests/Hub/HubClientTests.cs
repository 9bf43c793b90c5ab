using System.Text;
using Mxd.Hub;

namespace Mxd.Tests.Hub;

/// <summary>Downloads where all is well, and the cache's layout, which Python's library shares.</summary>
public sealed class HubClientTests : IDisposable
{
    private readonly HubScene scene = new();

    public void Dispose() => scene.Dispose();

    [Fact]
    public void Download_LaysFilesOut_AsPythonDoes()
    {
        Assert.Equal(scene.Small, scene.Fetch("config.json"));
        Assert.Equal(scene.Large, scene.Fetch("deep/er/large.bin"));
        Assert.Equal($"../../blobs/{FakeHub.Etag(scene.Small)}", Link("config.json"));
        Assert.Equal($"../../../../blobs/{FakeHub.Etag(scene.Large)}", Link("deep/er/large.bin"));
        Assert.Equal(FakeHub.Commit, File.ReadAllText(Path.Combine(scene.Folder, "refs", "main")));
        Assert.Equal([scene.Blob(scene.Small), scene.Blob(scene.Large)], Directory.GetFiles(Path.Combine(scene.Folder, "blobs")).OrderBy(f => f.Length));
        Assert.Equal(["blobs", "listings", "refs", "snapshots"], Directory.GetDirectories(scene.Folder).Select(Path.GetFileName).Order());
        Assert.True(File.Exists(scene.LockFile(scene.Large)));
        Assert.Empty(scene.Hub.Authorizations);

        string? Link(string path) => new FileInfo(scene.InSnapshot(path)).LinkTarget?.Replace('\\', '/');
    }

    [Fact]
    public void Snapshot_NamesCommitAndFiles()
    {
        HubSnapshot snapshot = scene.Open();
        Assert.Equal((FakeHub.Commit, false), (snapshot.Commit, snapshot.IsOfCache));
        Assert.Equal(["config.json", "deep/er/large.bin"], snapshot.Files);
        Assert.Equal(Path.Combine(scene.Folder, "snapshots", FakeHub.Commit), snapshot.Folder);
    }

    [Fact]
    public void CacheOfPython_IsUsed_WithoutAskingForFiles()
    {
        LayOutAsPython();
        Assert.Equal(scene.Small, scene.Fetch("config.json"));
        Assert.Equal([$"GET api/models/owner/name/revision/main"], scene.Hub.Requests);
    }

    [Fact]
    public void FetchedTwice_IsDownloadedOnce()
    {
        scene.Fetch("deep/er/large.bin");
        int requests = scene.Hub.Requests.Count;
        scene.Fetch("deep/er/large.bin");
        Assert.Equal((1, requests + 1), (scene.Hub.Downloads, scene.Hub.Requests.Count));
    }

    /// <summary>Where links are not to be had, Python puts the files themselves into the snapshot.</summary>
    [Fact]
    public void SnapshotWithoutLinks_IsUsed()
    {
        HubScene.Write(scene.InSnapshot("deep/er/large.bin"), scene.Large);
        Assert.Equal(scene.Large, scene.Fetch("deep/er/large.bin"));
        Assert.Equal(0, scene.Hub.Downloads);
    }

    [Fact]
    public void BlobOfAnotherCommit_IsLinked_NotDownloaded()
    {
        HubScene.Write(scene.Blob(scene.Large), scene.Large);
        Assert.Equal(scene.Large, scene.Fetch("deep/er/large.bin"));
        Assert.Equal(0, scene.Hub.Downloads);
        Assert.NotNull(new FileInfo(scene.InSnapshot("deep/er/large.bin")).LinkTarget);
    }

    [Fact]
    public void LinkWithoutItsBlob_IsDownloadedAgain()
    {
        LayOutAsPython();
        File.Delete(scene.Blob(scene.Small));
        Assert.Equal(scene.Small, scene.Fetch("config.json"));
        Assert.Equal(1, scene.Hub.Downloads);
    }

    [Fact]
    public void Revision_HasItsOwnRefAndSnapshot()
    {
        byte[] other = Encoding.UTF8.GetBytes("{\"other\":2}");
        scene.Hub.Add(HubScene.Repository, "config.json", other, "v2");
        Assert.Equal(other, scene.Fetch("config.json", id: HubScene.Id with { Revision = "v2" }));
        Assert.Equal(scene.Small, scene.Fetch("config.json"));
        Assert.Equal(FakeHub.CommitOf("v2"), File.ReadAllText(Path.Combine(scene.Folder, "refs", "v2")));
        Assert.True(File.Exists(scene.InSnapshot("config.json", FakeHub.CommitOf("v2"))));
    }

    [Fact]
    public void FullCommit_MakesNoRef_IsAskedForOnce_AndIsFoundOffline()
    {
        HubId id = HubScene.Id with { Revision = FakeHub.Commit };
        scene.Fetch("config.json", id: id);
        Assert.False(Directory.Exists(Path.Combine(scene.Folder, "refs")));
        int requests = scene.Hub.Requests.Count;
        Assert.Equal(scene.Small, scene.Fetch("config.json", id: id));
        Assert.Equal(requests, scene.Hub.Requests.Count);
        scene.Options = scene.NewOptions(isOffline: true);
        Assert.Equal(scene.Small, scene.Fetch("config.json", id: id));
    }

    [Fact]
    public void NamesWithSpacesAndSigns_AreEscaped()
    {
        scene.Hub.Add(HubScene.Repository, "a b/50%+ä#?.txt", "odd");
        Assert.Equal("odd", Encoding.UTF8.GetString(scene.Fetch("a b/50%+ä#?.txt")));
    }

    [Fact]
    public void EmptyFile_IsDownloaded()
    {
        scene.Hub.Add(HubScene.Repository, "empty.txt", "");
        Assert.Empty(scene.Fetch("empty.txt"));
    }

    [Fact]
    public void RenamedRepository_IsFollowed()
    {
        scene.Hub.Renamed["old/name"] = "owner/name";
        Assert.Equal(scene.Large, scene.Fetch("deep/er/large.bin", id: new HubId("old/name")));
        Assert.Equal(scene.Small, scene.Fetch("config.json", id: new HubId("old/name")));
        Assert.True(File.Exists(Path.Combine(scene.Cache, "models--old--name", "snapshots", FakeHub.Commit, "config.json")));
    }

    [Fact]
    public void WeakETag_IsTakenAsItsText()
    {
        scene.Hub.FactFaults.Enqueue(HubFaults.Facts($"W/\"{FakeHub.Etag(scene.Small)}\"", scene.Small.Length));
        Assert.Equal(scene.Small, scene.Fetch("config.json"));
        Assert.True(File.Exists(scene.Blob(scene.Small)));
    }

    [Fact]
    public void Progress_TellsSizeAndBytesThatAreThere()
    {
        scene.Fetch("deep/er/large.bin");
        Assert.Equal([("deep/er/large.bin", 300_000L)], scene.Downloads.Begun);
        Assert.Equal((0L, 300_000L), (scene.Downloads.Advances.First(), scene.Downloads.Advances.Last()));
        Assert.Equal(scene.Downloads.Advances.Order(), scene.Downloads.Advances);
        Assert.Empty(scene.Downloads.Notes);
    }

    [Fact]
    public void WhatPythonBegan_IsGoneOnWith()
    {
        HubScene.Write(scene.Partial(scene.Large), scene.Large[..100_000]);
        Assert.Equal(scene.Large, scene.Fetch("deep/er/large.bin"));
        Assert.Equal(["bytes=100000-", "bytes=100000-"], scene.Hub.Ranges);
        Assert.Equal((100_000L, 300_000L), (scene.Downloads.Advances.First(), scene.Downloads.Advances.Last()));
        Assert.False(File.Exists(scene.Partial(scene.Large)));
    }

    [Fact]
    public void PartialFileThatIsWhole_IsCheckedAndKept()
    {
        HubScene.Write(scene.Partial(scene.Large), scene.Large);
        Assert.Equal(scene.Large, scene.Fetch("deep/er/large.bin"));
        Assert.Equal((0, 300_000L), (scene.Hub.Downloads, scene.Downloads.Advances.Last()));
    }

    /// <summary>As a program leaves it that writes from many places at once.</summary>
    [Theory]
    [InlineData(1000)]
    [InlineData(300_000)]
    [InlineData(300_001)]
    public void PartialFileOfOtherContents_IsDownloadedFromItsBeginning(int length)
    {
        HubScene.Write(scene.Partial(scene.Large), new byte[length]);
        Assert.Equal(scene.Large, scene.Fetch("deep/er/large.bin"));
    }

    [Fact]
    public void TokenGoesToTheHub_AndNotToStorage()
    {
        scene.Options = scene.NewOptions(HubScene.Token);
        Assert.Equal(scene.Large, scene.Fetch("deep/er/large.bin"));
        Assert.Equal(3, scene.Hub.Authorizations.Count);
        Assert.All(scene.Hub.Authorizations, sent => Assert.Equal(("hub", $"Bearer {HubScene.Token}"), sent));
        Assert.Contains(scene.Hub.Requests, request => request.StartsWith("storage:GET", StringComparison.Ordinal));
    }

    private void LayOutAsPython()
    {
        HubScene.Write(scene.Blob(scene.Small), scene.Small);
        HubScene.Write(Path.Combine(scene.Folder, "refs", "main"), Encoding.ASCII.GetBytes(FakeHub.Commit));
        Directory.CreateDirectory(Path.GetDirectoryName(scene.InSnapshot("config.json"))!);
        File.CreateSymbolicLink(scene.InSnapshot("config.json"), $"../../blobs/{FakeHub.Etag(scene.Small)}");
    }
}
