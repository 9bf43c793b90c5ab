using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Mxd.Hub;

/// <summary>One file on its way from the hub into the cache.</summary>
internal sealed class HubDownload(HubHttp http, HubCache cache, HubErrors errors, Uri address, string path)
{
    private const int Sha256Length = 64, Sha1Length = 40;

    private readonly string shown = Formats.Shown.Name(path);

    /// <summary>What the hub says of a file before it is sent.</summary>
    private sealed record Facts(string Etag, long? Size)
    {
        /// <summary>A file in large storage has its SHA-256 for an ETag, any other its git hash; an ETag of another form says nothing.</summary>
        public bool HasChecksum => Etag.Length is Sha256Length or Sha1Length && Etag.All(char.IsAsciiHexDigit);
    }

    public void Fetch(string file, IHubProgress? progress, CancellationToken cancellation)
    {
        Facts facts = http.Send(new HubRequest(HttpMethod.Head, address, IsFollowed: false), ReadFacts, progress, cancellation);
        string blob = cache.Blob(facts.Etag);
        if (!HubCache.IsThere(blob))
            using (cache.Lock(facts.Etag, () => progress?.Note($"{shown} is being downloaded by another process; waiting for it."), cancellation))
                if (!HubCache.IsThere(blob)) Download(facts, blob, progress, cancellation);
        HubCache.Link(blob, file);
    }

    private Facts ReadFacts(HttpResponseMessage response)
    {
        if (!response.IsSuccessStatusCode && (int)response.StatusCode / 100 != 3) throw errors.Of(response.StatusCode, HubClient.ErrorCode(response), path);
        string etag = Header(response, "X-Linked-Etag") ?? Header(response, "ETag") ?? "";
        // A weak one, W/"...", is of an answer that was compressed on its way.
        etag = (etag.StartsWith("W/", StringComparison.Ordinal) ? etag[2..] : etag).Trim('"');
        if (!HubCache.IsName(etag)) throw errors.Refused($"the hub gives no usable checksum (ETag) for {shown}: check HF_ENDPOINT.");
        long? size = long.TryParse(Header(response, "X-Linked-Size"), out long linked) ? linked : response.IsSuccessStatusCode ? response.Content.Headers.ContentLength : null;
        return new Facts(etag, size >= 0 ? size : null);
    }

    private void Download(Facts facts, string blob, IHubProgress? progress, CancellationToken cancellation)
    {
        string partial = blob + ".incomplete";
        Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
        // Without a checksum nothing tells whether what another program has left is this file's beginning.
        if (!facts.HasChecksum) File.Delete(partial);
        RequireSpace(facts, partial);
        progress?.Begin(path, facts.Size ?? 0);
        bool isLeft = Length(partial) > 0;
        for (int arrivals = isLeft ? 0 : 1; ; arrivals++)
        {
            Transfer(facts, partial, progress, cancellation);
            if (IsWhatWasPromised(facts, partial)) break;
            File.Delete(partial);
            if (arrivals == 2)
                throw errors.Refused($"{shown} arrived twice with contents that do not have the checksum {facts.Etag}: try again later; nothing of it was kept.");
            progress?.Note($"{shown} has a wrong checksum; downloading it again from its beginning.");
        }
        File.Move(partial, blob, overwrite: true);
    }

    /// <summary>Brings the partial file to its size, from where it ends, over as many connections as that takes.</summary>
    private void Transfer(Facts facts, string partial, IHubProgress? progress, CancellationToken cancellation)
    {
        if (Length(partial) > facts.Size) File.Delete(partial);
        int failures = 0;
        for (long furthest = Length(partial); ; furthest = Math.Max(furthest, Length(partial)))
        {
            progress?.Advance(Length(partial));
            if (Length(partial) > 0 && Length(partial) == facts.Size) return;
            string problem;
            try
            {
                var request = new HubRequest(HttpMethod.Get, address, From: Length(partial), IsRepeated: false);
                if (http.Send(request, response => Append(response, request.From, facts, partial, progress, cancellation), progress, cancellation)) return;
                problem = $"{shown} ends at byte {Length(partial)} of {facts.Size}";
            }
            catch (Exception e) when (e is HttpRequestException or TimeoutException or IOException { InnerException: not null } or HttpIOException)
            {
                problem = $"{shown} broke off ({Runtime.OneLine.Of(e.GetBaseException())})";
            }
            // Whatever arrives is progress; only attempts without any count.
            failures = Length(partial) > furthest ? 1 : failures + 1;
            if (failures >= HubHttp.Attempts) throw errors.Refused($"{problem}, again and again: try again later; what has arrived is kept and gone on with.");
            http.Wait(failures, null, problem, progress, cancellation);
        }
    }

    /// <summary>Adds an answer to the partial file. Is that all there is to come?</summary>
    private bool Append(HttpResponseMessage response, long start, Facts facts, string partial, IHubProgress? progress, CancellationToken cancellation)
    {
        bool isPart = response.StatusCode == HttpStatusCode.PartialContent;
        bool goesOn = isPart && response.Content.Headers.ContentRange?.From == start;
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable || (isPart && !goesOn))
        {
            File.Delete(partial);
            return false;
        }
        if (!response.IsSuccessStatusCode) throw Failure(response);
        // A server that ignores the range sends the file from its beginning.
        using var target = new FileStream(partial, goesOn ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.Read);
        foreach (ReadOnlyMemory<byte> piece in http.Read(response, cancellation))
        {
            target.Write(piece.Span);
            progress?.Advance(target.Position);
            // Longer than promised is wrong already, and may have no end.
            if (target.Position > facts.Size) return true;
        }
        return facts.Size is not { } size || target.Position == size;
    }

    /// <summary>What other servers refuse says nothing of the repository: their addresses hold for a while only, and the hub gives new ones.</summary>
    private Exception Failure(HttpResponseMessage response)
    {
        Uri? from = response.RequestMessage?.RequestUri;
        if (http.IsHub(from)) return errors.Of(response.StatusCode, HubClient.ErrorCode(response), path);
        string problem = $"{from?.Host}, where {shown} is stored, answers {(int)response.StatusCode}";
        return HubHttp.IsPassing(response.StatusCode)
            ? errors.Refused($"{problem}, again and again: try again later; what has arrived is kept and gone on with.")
            : new HttpRequestException(problem);
    }

    private static bool IsWhatWasPromised(Facts facts, string partial)
    {
        using FileStream stream = File.OpenRead(partial);
        if (facts.Size is { } size && stream.Length != size) return false;
        if (!facts.HasChecksum) return true;
        bool isLarge = facts.Etag.Length == Sha256Length;
        using var hash = IncrementalHash.CreateHash(isLarge ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
        if (!isLarge) hash.AppendData(Encoding.ASCII.GetBytes($"blob {stream.Length}\0"));
        byte[] buffer = new byte[1 << 20];
        int count;
        while ((count = stream.Read(buffer)) > 0) hash.AppendData(buffer, 0, count);
        return Convert.ToHexString(hash.GetHashAndReset()).Equals(facts.Etag, StringComparison.OrdinalIgnoreCase);
    }

    private void RequireSpace(Facts facts, string partial)
    {
        if (facts.Size is not { } size || FreeSpace() is not { } free) return;
        long needed = size - Length(partial);
        if (needed > free)
            throw errors.Refused($"{shown} needs {Runtime.ByteSize.Format(needed)} in {cache.Root}, where {Runtime.ByteSize.Format(free)} are free: make room, or set HF_HUB_CACHE to another disk.");
    }

    private long? FreeSpace()
    {
        try
        {
            return new DriveInfo(Path.GetFullPath(cache.Root)).AvailableFreeSpace;
        }
        catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException)
        {
            // A network share of Windows is no drive.
            return null;
        }
    }

    private static long Length(string file) => File.Exists(file) ? new FileInfo(file).Length : 0;

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) || response.Content.Headers.NonValidated.TryGetValues(name, out values) ? values.First() : null;
}
