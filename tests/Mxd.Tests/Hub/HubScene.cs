using System.Collections.Concurrent;
using System.Text;
using Mxd.Hub;
using Mxd.Runtime;
using Mxd.Tests.Runtime;

namespace Mxd.Tests.Hub;

/// <summary>A hub, a cache and a listener for one test; the repository <c>owner/name</c> has a small and a large file.</summary>
internal sealed class HubScene : IDisposable
{
    public const string Token = "hf_secretSECRETsecret";
    public const string Repository = "models/owner/name";

    private readonly TemporaryFolder folder = new();

    public HubScene()
    {
        Large = new byte[300_000];
        new Random(1).NextBytes(Large);
        Hub.Add(Repository, "config.json", Small);
        Hub.Add(Repository, "deep/er/large.bin", Large);
        Options = NewOptions();
    }

    public FakeHub Hub { get; } = new();

    public HubOptions Options { get; set; }

    public RecordedDownloads Downloads { get; } = new();

    public byte[] Small { get; } = Encoding.UTF8.GetBytes("{\"small\":1}");

    public byte[] Large { get; }

    public string Cache => folder.File("hub");

    public static HubId Id => new("owner/name");

    public string Folder => Path.Combine(Cache, "models--owner--name");

    /// <summary>The cache of a program that keeps no lists of files.</summary>
    public void ForgetListings() => Directory.Delete(Path.Combine(Folder, "listings"), recursive: true);

    public string Blob(byte[] content) => Path.Combine(Folder, "blobs", FakeHub.Etag(content));

    public string Partial(byte[] content) => Blob(content) + ".incomplete";

    public string LockFile(byte[] content) => Path.Combine(Cache, ".locks", "models--owner--name", FakeHub.Etag(content) + ".lock");

    public string InSnapshot(string path, string commit = FakeHub.Commit) => Path.Combine(Folder, "snapshots", commit, path);

    public HubOptions NewOptions(string? token = null, bool isOffline = false, string? endpoint = null, double silenceSeconds = 20, long longestListing = 1 << 20) => new()
    {
        Endpoint = new Uri(endpoint ?? Hub.Endpoint),
        Cache = Cache,
        Token = token,
        IsOffline = isOffline,
        FirstWait = TimeSpan.FromMilliseconds(1),
        Silence = TimeSpan.FromSeconds(silenceSeconds),
        LongestListing = longestListing,
    };

    public HubSnapshot Open(HubId? id = null)
    {
        using var client = new HubClient(Options);
        return client.Open(HubKind.Model, id ?? Id, Downloads);
    }

    /// <summary>The content of a file as it comes by a client of its own.</summary>
    public byte[] Fetch(string path, HubId? id = null, CancellationToken cancellation = default)
    {
        using var client = new HubClient(Options);
        return File.ReadAllBytes(client.Fetch(client.Open(HubKind.Model, id ?? Id, Downloads, cancellation), path, Downloads, cancellation));
    }

    /// <summary>The one line a person is told; no token is in it, nor in what was told before.</summary>
    public string Refused(Action action)
    {
        string message = Assert.Throws<MxdInputException>(action).Message;
        foreach (string line in Downloads.Notes.Append(message))
        {
            Assert.DoesNotContain('\n', line);
            Assert.DoesNotContain(Token, line, StringComparison.Ordinal);
        }
        return message;
    }

    public static void Write(string path, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
    }

    public void Dispose()
    {
        Hub.Dispose();
        folder.Dispose();
    }
}

/// <summary>Everything that was said of downloads.</summary>
internal sealed class RecordedDownloads : IHubProgress
{
    public ConcurrentQueue<(string What, long Bytes)> Begun { get; } = new();

    public ConcurrentQueue<long> Advances { get; } = new();

    public ConcurrentQueue<string> Notes { get; } = new();

    public Action<long>? OnAdvance { get; set; }

    public void Begin(string what, long bytes) => Begun.Enqueue((what, bytes));

    public void Advance(long bytes)
    {
        Advances.Enqueue(bytes);
        OnAdvance?.Invoke(bytes);
    }

    public void Note(string line) => Notes.Enqueue(line);
}
