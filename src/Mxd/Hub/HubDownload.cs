using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Mxd.Hub;

/// <summary>One file on its way from the hub into the cache.</summary>
internal sealed class HubDownload(HubHttp http, HubCache cache, HubErrors errors, Uri address, string path)
{
    private const int Attempts = 5, Sha256Length = 64, Sha1Length = 40;

    /// <summary>What the hub says of a file before it is sent.</summary>
    private sealed record Facts(string Etag, long? Size);

    public void Fetch(string file, IHubProgress? progress, CancellationToken cancellation)
    {
        Facts facts = Ask(progress, cancellation);
        string blob = cache.Blob(facts.Etag);
        using (cache.Lock(facts.Etag, cancellation))
            if (!File.Exists(blob)) Download(facts, blob, progress, cancellation);
        HubCache.Link(blob, file);
    }

    private Facts Ask(IHubProgress? progress, CancellationToken cancellation)
    {
        using HttpResponseMessage response = http.Send(HttpMethod.Head, address, follow: false, 0, progress, cancellation);
        if (!response.IsSuccessStatusCode && (int)response.StatusCode / 100 != 3) throw errors.Of(response.StatusCode, HubClient.ErrorCode(response), path);
        string etag = (Header(response, "X-Linked-Etag") ?? response.Headers.ETag?.Tag ?? Header(response, "ETag") ?? "").Replace("W/", "", StringComparison.Ordinal).Trim('"');
        if (!HubCache.IsName(etag)) throw errors.Refused($"the hub gives no usable checksum (ETag) for {path}: check HF_ENDPOINT.");
        long? size = long.TryParse(Header(response, "X-Linked-Size"), out long linked) ? linked : response.IsSuccessStatusCode ? response.Content.Headers.ContentLength : null;
        return new Facts(etag, size);
    }

    private void Download(Facts facts, string blob, IHubProgress? progress, CancellationToken cancellation)
    {
        string partial = blob + ".incomplete";
        Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
        RequireSpace(facts, partial);
        progress?.Begin(path, facts.Size ?? 0);
        for (int check = 1; ; check++)
        {
            Transfer(facts, partial, progress, cancellation);
            if (IsWhatWasPromised(facts, partial)) break;
            File.Delete(partial);
            if (check == 2) throw errors.Refused($"{path} arrived twice with contents that do not have the checksum {facts.Etag}: try again later; nothing of it was kept.");
            progress?.Note($"{path} arrived with a wrong checksum; downloading it again.");
        }
        File.Move(partial, blob, overwrite: true);
    }

    /// <summary>Brings the partial file to its size, from where it ends, over as many connections as that takes.</summary>
    private void Transfer(Facts facts, string partial, IHubProgress? progress, CancellationToken cancellation)
    {
        int failures = 0;
        while (true)
        {
            long before = Length(partial);
            if (before > facts.Size)
            {
                File.Delete(partial);
                before = 0;
            }
            if (before > 0 && before == facts.Size) return;
            string problem;
            try
            {
                Append(partial, progress, cancellation);
                long after = Length(partial);
                if (facts.Size is not { } size || after == size) return;
                problem = $"{path} ends at byte {after} of {size}";
            }
            catch (Exception e) when (e is HttpRequestException or TimeoutException or IOException { InnerException: not null } or HttpIOException)
            {
                problem = $"{path} broke off ({Runtime.OneLine.Of(e.GetBaseException())})";
            }
            // Whatever arrives is progress; only attempts without any count.
            failures = Length(partial) > before ? 1 : failures + 1;
            if (failures >= Attempts) throw errors.Refused($"{problem}, again and again: try again later; what has arrived is kept and gone on with.");
            http.Wait(failures, null, problem, progress, cancellation);
        }
    }

    private void Append(string partial, IHubProgress? progress, CancellationToken cancellation)
    {
        long start = Length(partial);
        using HttpResponseMessage response = http.Send(HttpMethod.Get, address, follow: true, start, progress, cancellation);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            File.Delete(partial);
            return;
        }
        if (!response.IsSuccessStatusCode) throw errors.Of(response.StatusCode, HubClient.ErrorCode(response), path);
        // A server that ignores the range, or sends another one, sends the file from a place of its own.
        bool goesOn = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == start;
        if (response.StatusCode == HttpStatusCode.PartialContent && !goesOn)
        {
            File.Delete(partial);
            return;
        }
        using var target = new FileStream(partial, goesOn ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.Read);
        using Stream source = http.WithinSilence(response.Content.ReadAsStreamAsync, cancellation);
        byte[] buffer = new byte[1 << 20];
        int count;
        while ((count = http.WithinSilence(token => source.ReadAsync(buffer, token).AsTask(), cancellation)) > 0)
        {
            target.Write(buffer, 0, count);
            progress?.Advance(target.Position);
        }
    }

    /// <summary>A file in large storage has its SHA-256 for an ETag, any other its git hash; an ETag of another form says nothing.</summary>
    private static bool IsWhatWasPromised(Facts facts, string partial)
    {
        using FileStream stream = File.OpenRead(partial);
        if (facts.Etag.Length == Sha256Length) return Convert.ToHexStringLower(SHA256.HashData(stream)) == facts.Etag;
        if (facts.Etag.Length != Sha1Length) return true;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        hash.AppendData(Encoding.ASCII.GetBytes($"blob {stream.Length}\0"));
        byte[] buffer = new byte[1 << 20];
        int count;
        while ((count = stream.Read(buffer)) > 0) hash.AppendData(buffer, 0, count);
        return Convert.ToHexStringLower(hash.GetHashAndReset()) == facts.Etag;
    }

    private void RequireSpace(Facts facts, string partial)
    {
        if (facts.Size is not { } size) return;
        long free = new DriveInfo(Path.GetFullPath(cache.Root)).AvailableFreeSpace, needed = size - Length(partial);
        if (needed > free)
            throw errors.Refused($"{path} needs {Runtime.ByteSize.Format(needed)} in {cache.Root}, where {Runtime.ByteSize.Format(free)} are free: make room, or set HF_HUB_CACHE to another disk.");
    }

    private static long Length(string file) => File.Exists(file) ? new FileInfo(file).Length : 0;

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) || response.Content.Headers.TryGetValues(name, out values) ? values.FirstOrDefault() : null;
}
