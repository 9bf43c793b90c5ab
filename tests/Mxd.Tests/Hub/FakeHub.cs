using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Mxd.Tests.Hub;

/// <summary>
/// A server on loopback that behaves like the hub: listings, file facts, redirects of large files to a server of their own, ranges; and the
/// faults a network has, one after another as they are queued.
/// </summary>
internal sealed class FakeHub : IDisposable
{
    /// <summary>The files of a repository are at this commit.</summary>
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    /// <summary>Files at least so long are in large storage, behind a redirect.</summary>
    private const int Large = 1000;

    private readonly HttpListener hub, storage;
    private readonly ConcurrentDictionary<string, byte[]> files = new();

    private int downloads;

    public FakeHub()
    {
        (hub, Endpoint) = Start(AnswerHub);
        (storage, StorageEndpoint) = Start(AnswerStorage);
    }

    /// <summary>Answers a request in another way than the hub does when all is well; see <see cref="HubFaults"/>.</summary>
    public delegate void Fault(HttpListenerContext context);

    public string Endpoint { get; }

    public string StorageEndpoint { get; }

    /// <summary>"METHOD path" of every request, storage's after "storage:".</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Authorization of every request, with the server it went to.</summary>
    public ConcurrentQueue<(string Server, string Value)> Authorizations { get; } = new();

    /// <summary>Range of every request that has one.</summary>
    public ConcurrentQueue<string> Ranges { get; } = new();

    /// <summary>Faults for the next requests of files' contents, in order.</summary>
    public ConcurrentQueue<Fault> ContentFaults { get; } = new();

    /// <summary>Faults for the next requests of what the hub says of a file.</summary>
    public ConcurrentQueue<Fault> FactFaults { get; } = new();

    /// <summary>Faults for the next listings.</summary>
    public ConcurrentQueue<Fault> ListingFaults { get; } = new();

    /// <summary>Adds a file to a repository: <c>models/gpt2</c>, <c>datasets/owner/name</c>.</summary>
    public void Add(string repository, string path, byte[] content, string revision = "main") => files[$"{repository}@{revision}/{path}"] = content;

    public void Add(string repository, string path, string content, string revision = "main") => Add(repository, path, Encoding.UTF8.GetBytes(content), revision);

    /// <summary>Adds all files of a folder.</summary>
    public void AddFolder(string repository, string folder)
    {
        foreach (string file in Directory.GetFiles(folder)) Add(repository, Path.GetFileName(file), File.ReadAllBytes(file));
    }

    /// <summary>How often contents were sent, or should have been.</summary>
    public int Downloads => downloads;

    /// <summary>Old names of repositories, and the new: <c>owner/name</c>.</summary>
    public ConcurrentDictionary<string, string> Renamed { get; } = new();

    public void Dispose()
    {
        hub.Close();
        storage.Close();
    }

    /// <summary>Starts a server on a free port of loopback, which answers each request on a thread of its own.</summary>
    public static (HttpListener Server, string Address) Start(Action<HttpListenerContext> answer)
    {
        HttpListener listener = Listen();
        new Thread(() =>
        {
            while (listener.IsListening)
            {
                try
                {
                    HttpListenerContext context = listener.GetContext();
                    ThreadPool.QueueUserWorkItem(_ => Guarded(context, answer));
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
                {
                    return;
                }
            }
        })
        { IsBackground = true }.Start();
        return (listener, listener.Prefixes.Single().TrimEnd('/'));
    }

    /// <summary>A port that was free may be another process's a moment later: then another is taken.</summary>
    private static HttpListener Listen()
    {
        for (int tries = 1; ; tries++)
        {
            var listener = new HttpListener();
            using (var probe = new TcpListener(IPAddress.Loopback, 0))
            {
                probe.Start();
                listener.Prefixes.Add($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/");
            }
            try
            {
                listener.Start();
                return listener;
            }
            catch (HttpListenerException) when (tries < 10)
            {
            }
        }
    }

    private static void Guarded(HttpListenerContext context, Action<HttpListenerContext> answer)
    {
        try
        {
            answer(context);
        }
        catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            context.Response.Abort();
        }
    }

    private void AnswerHub(HttpListenerContext context)
    {
        string path = Uri.UnescapeDataString(context.Request.Url!.AbsolutePath).TrimStart('/');
        Note("", "hub", context, path);
        string now = Renamed.Aggregate(path, (name, pair) => name.Replace(pair.Key + "/", pair.Value + "/", StringComparison.Ordinal));
        if (now != path) HubFaults.Redirect("/" + now, 307)(context);
        else if (path.StartsWith("api/", StringComparison.Ordinal)) AnswerListing(context, path["api/".Length..]);
        else AnswerFile(context, path);
    }

    private void AnswerListing(HttpListenerContext context, string path)
    {
        if (ListingFaults.TryDequeue(out Fault? fault))
        {
            fault(context);
            return;
        }
        string[] parts = path.Split("/revision/");
        string revision = parts.ElementAtOrDefault(1) ?? "main", key = $"{parts[0]}@{(revision == Commit ? "main" : revision)}/";
        string[] found = [.. files.Keys.Where(k => k.StartsWith(key, StringComparison.Ordinal)).Select(k => k[key.Length..]).Order(StringComparer.Ordinal)];
        if (found.Length == 0)
        {
            HubFaults.Status(404, files.Keys.Any(k => k.StartsWith(parts[0] + "@", StringComparison.Ordinal)) ? "RevisionNotFound" : "RepoNotFound")(context);
            return;
        }
        var listing = new JsonObject
        {
            ["sha"] = CommitOf(revision),
            ["siblings"] = new JsonArray([.. found.Select(f => (JsonNode)new JsonObject { ["rfilename"] = f })]),
        };
        Send(context, Encoding.UTF8.GetBytes(listing.ToJsonString()), 0);
    }

    private void AnswerFile(HttpListenerContext context, string path)
    {
        if (context.Request.HttpMethod == "HEAD" && FactFaults.TryDequeue(out Fault? fault))
        {
            fault(context);
            return;
        }
        if (Find(path) is not { } content)
        {
            HubFaults.Status(404, "EntryNotFound")(context);
            return;
        }
        bool isLarge = content.Length >= Large;
        context.Response.Headers["ETag"] = $"\"{Etag(content, isLarge)}\"";
        context.Response.Headers["X-Repo-Commit"] = Commit;
        if (isLarge)
        {
            context.Response.Headers["X-Linked-Etag"] = $"\"{Etag(content, isLarge)}\"";
            context.Response.Headers["X-Linked-Size"] = $"{content.Length}";
            context.Response.Headers["Location"] = $"{StorageEndpoint}/{Uri.EscapeDataString(path)}";
            context.Response.StatusCode = 302;
            context.Response.Close();
            return;
        }
        SendContent(context, content);
    }

    private void AnswerStorage(HttpListenerContext context)
    {
        string path = Uri.UnescapeDataString(context.Request.Url!.AbsolutePath).TrimStart('/');
        Note("storage:", "storage", context, path);
        SendContent(context, Find(path)!);
    }

    private void SendContent(HttpListenerContext context, byte[] content)
    {
        if (context.Request.HttpMethod == "HEAD")
        {
            context.Response.ContentLength64 = content.Length;
            context.Response.Close();
            return;
        }
        Interlocked.Increment(ref downloads);
        if (ContentFaults.TryDequeue(out Fault? fault))
        {
            fault(context);
            return;
        }
        long start = 0;
        if (context.Request.Headers["Range"] is { } range)
        {
            start = long.Parse(range["bytes=".Length..^1]);
            if (start >= content.Length)
            {
                HubFaults.Status(416)(context);
                return;
            }
            context.Response.StatusCode = 206;
            context.Response.Headers["Content-Range"] = $"bytes {start}-{content.Length - 1}/{content.Length}";
        }
        Send(context, content, start);
    }

    private static void Send(HttpListenerContext context, byte[] content, long start)
    {
        context.Response.ContentLength64 = content.Length - start;
        context.Response.OutputStream.Write(content, (int)start, content.Length - (int)start);
        context.Response.Close();
    }

    private byte[]? Find(string path)
    {
        string[] parts = path.Split("/resolve/");
        string repository = parts[0].StartsWith("datasets/", StringComparison.Ordinal) ? parts[0] : "models/" + parts[0];
        foreach ((string key, byte[] content) in files)
        {
            int at = key.IndexOf('@', StringComparison.Ordinal);
            foreach (string revision in new[] { "main", "refs/convert/parquet", "v2" })
                if (key.StartsWith($"{repository}@{revision}/", StringComparison.Ordinal) && $"{CommitOf(revision)}/{key[(at + revision.Length + 2)..]}" == parts[1]) return content;
        }
        return null;
    }

    /// <summary>Another revision is another commit.</summary>
    public static string CommitOf(string revision) => revision is "main" or Commit ? Commit : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(revision)))[..Commit.Length];

    public static string Etag(byte[] content) => Etag(content, content.Length >= Large);

    private static string Etag(byte[] content, bool isLarge) => Convert.ToHexStringLower(isLarge
        ? SHA256.HashData(content)
#pragma warning disable CA5350 // Git's name of a small file is its SHA-1.
        : SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350

    private void Note(string prefix, string server, HttpListenerContext context, string path)
    {
        Requests.Enqueue($"{prefix}{context.Request.HttpMethod} {path}");
        if (context.Request.Headers["Range"] is { } range) Ranges.Enqueue(range);
        if (context.Request.Headers["Authorization"] is { } value) Authorizations.Enqueue((server, value));
    }
}
