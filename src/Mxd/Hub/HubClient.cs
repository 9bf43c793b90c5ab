using System.Text.Json;
using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Hub;

/// <summary>
/// Files of the Hugging Face hub, kept in the cache that the Python library shares. Several processes may ask for the same file at once;
/// what was downloaded in part is gone on with; contents are held against their checksums.
/// </summary>
public sealed class HubClient(HubOptions options) : IDisposable
{
    private readonly HubHttp http = new(options);

    /// <summary>Why the hub could not be reached the last time; it is not asked for lists again.</summary>
    private Exception? unreachable;

    /// <summary>The commit that a revision stands for now, and its files; offline, or where the hub does not give them, as the cache has them.</summary>
    /// <exception cref="MxdInputException">There is no such repository or revision, it may not be read, or nothing of it is here.</exception>
    public HubSnapshot Open(HubKind kind, HubId id, IHubProgress? progress = null, CancellationToken cancellation = default) =>
        TryOpen(kind, id, out MxdInputException? problem, progress, cancellation) ?? throw problem!;

    /// <summary>As <see cref="Open"/>; null, and what <see cref="Open"/> would throw, where there is nothing.</summary>
    internal HubSnapshot? TryOpen(HubKind kind, HubId id, out MxdInputException? problem, IHubProgress? progress = null, CancellationToken cancellation = default)
    {
        var cache = new HubCache(options.Cache, kind, id);
        var errors = new HubErrors(options, kind, id);
        if (options.IsOffline || unreachable is not null)
        {
            problem = options.IsOffline ? errors.Offline(null) : errors.Unreachable(unreachable!);
            return Cached(cache, kind, id);
        }
        problem = null;
        if (HubCache.IsCommit(id.Revision) && Cached(cache, kind, id) is { IsOfCache: false } known) return known;
        try
        {
            return Ask(cache, errors, kind, id, progress, cancellation);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException)
        {
            unreachable = e;
            problem = errors.Unreachable(e);
        }
        catch (MxdInputException e)
        {
            problem = e;
        }
        HubSnapshot? cached = Cached(cache, kind, id);
        if (cached is not null) progress?.Note($"{problem.Message} Until then, what the cache has of it is used.");
        return cached;
    }

    /// <summary>The path of a file in the cache, which downloads it if it is not there.</summary>
    /// <exception cref="MxdInputException">It cannot be had; the message says why and what to do.</exception>
    public string Fetch(HubSnapshot snapshot, string path, IHubProgress? progress = null, CancellationToken cancellation = default)
    {
        var errors = new HubErrors(options, snapshot.Kind, snapshot.Id);
        if (!HubCache.IsSafe(path)) throw errors.Refused($"the path {Shown.Name(path)} leads out of the repository, or cannot be a file's on every system: name another file of it.");
        string file = Path.Combine(snapshot.Folder, Path.Combine(path.Split('/')));
        if (HubCache.IsThere(file)) return file;
        if (options.IsOffline) throw errors.Offline(path);
        try
        {
            var cache = new HubCache(options.Cache, snapshot.Kind, snapshot.Id);
            new HubDownload(http, cache, errors, Address(snapshot, path), path).Fetch(file, progress, cancellation);
            return file;
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException or HttpIOException)
        {
            throw errors.Unreachable(e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw errors.Refused($"{Shown.Name(path)} cannot be kept in {options.Cache} ({OneLine.Of(e)}): free space or permission there, or set HF_HUB_CACHE to another folder.");
        }
    }

    public void Dispose() => http.Dispose();

    private static HubSnapshot? Cached(HubCache cache, HubKind kind, HubId id)
    {
        try
        {
            if (cache.FindCommit() is not { } commit) return null;
            if (cache.FindListing(commit) is { } listing) return new HubSnapshot(kind, id, commit, listing, cache.Snapshot(commit));
            return cache.FilesOf(commit) is { Count: > 0 } files ? new HubSnapshot(kind, id, commit, files, cache.Snapshot(commit), IsOfCache: true) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private HubSnapshot Ask(HubCache cache, HubErrors errors, HubKind kind, HubId id, IHubProgress? progress, CancellationToken cancellation)
    {
        string kinds = kind == HubKind.Model ? "models" : "datasets";
        var address = new Uri($"{Base}/api/{kinds}/{id.Name}/revision/{Uri.EscapeDataString(id.Revision)}");
        byte[] listing = http.Send(new HubRequest(HttpMethod.Get, address), response => ReadListing(response, errors, cancellation), progress, cancellation);
        (string commit, List<string> files) = Parse(listing, errors);
        cache.Save(commit, files);
        return new HubSnapshot(kind, id, commit, files, cache.Snapshot(commit));
    }

    private byte[] ReadListing(HttpResponseMessage response, HubErrors errors, CancellationToken cancellation)
    {
        if (!response.IsSuccessStatusCode) throw errors.Of(response.StatusCode, ErrorCode(response), null);
        var listing = new MemoryStream();
        foreach (ReadOnlyMemory<byte> piece in http.Read(response, cancellation))
        {
            if (listing.Length + piece.Length > options.LongestListing)
                throw errors.Refused($"the hub's list of its files has more than {options.LongestListing} bytes, which is not read: check HF_ENDPOINT, or download it by other means.");
            listing.Write(piece.Span);
        }
        return listing.ToArray();
    }

    private static (string Commit, List<string> Files) Parse(byte[] listing, HubErrors errors)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(listing);
            string commit = document.RootElement.GetProperty("sha").GetString() ?? "";
            if (!HubCache.IsName(commit)) throw errors.Refused($"the hub names the commit {Shown.Name(commit)}, which is none: check HF_ENDPOINT.");
            IEnumerable<string> files = document.RootElement.GetProperty("siblings").EnumerateArray().Select(file => file.GetProperty("rfilename").GetString() ?? "");
            return (commit, [.. files.Where(HubCache.IsSafe)]);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw errors.Refused("the hub's answer is not a list of files: check HF_ENDPOINT.");
        }
    }

    private Uri Address(HubSnapshot snapshot, string path)
    {
        string escaped = string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
        return new Uri($"{Base}/{(snapshot.Kind == HubKind.Dataset ? "datasets/" : "")}{snapshot.Id.Name}/resolve/{snapshot.Commit}/{escaped}");
    }

    private string Base => options.Endpoint.ToString().TrimEnd('/');

    internal static string? ErrorCode(HttpResponseMessage response) =>
        response.Headers.TryGetValues("X-Error-Code", out IEnumerable<string>? values) ? values.FirstOrDefault() : null;
}
