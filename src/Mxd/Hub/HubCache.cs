using Mxd.Runtime;

namespace Mxd.Hub;

/// <summary>
/// One repository's part of the cache, in the layout of Hugging Face's library, so that files serve both:
/// <c>blobs/ETAG</c>, <c>refs/REVISION</c> (a commit), <c>snapshots/COMMIT/path</c> (links to blobs), <c>.locks</c> beside all repositories; and <c>listings/COMMIT.txt</c> of our own.
/// </summary>
internal sealed class HubCache(string root, HubKind kind, HubId id)
{
    private readonly string name = $"{(kind == HubKind.Model ? "models" : "datasets")}--{id.Name.Replace("/", "--", StringComparison.Ordinal)}";

    // What systems say of a file that another has open: Windows's sharing and lock violations, EWOULDBLOCK of Linux and of macOS.
    private static readonly int[] heldByAnother = [unchecked((int)0x80070020), unchecked((int)0x80070021), 11, 35];

    public string Root => root;

    private string Folder => Path.Combine(root, name);

    // Beside what Python's library keeps, which passes it over: without it nobody could tell, offline, whether a file is missing or is not here.
    private string Listing(string commit) => Path.Combine(Folder, "listings", commit + ".txt");

    private string RefFile => Path.Combine(Folder, "refs", Path.Combine(id.Revision.Split('/')));

    public string Snapshot(string commit) => Path.Combine(Folder, "snapshots", commit);

    public string Blob(string etag) => Path.Combine(Folder, "blobs", etag);

    /// <summary>The commit that the revision stood for when it was last asked for; a full commit stands for itself.</summary>
    public string? FindCommit()
    {
        if (File.Exists(RefFile) && File.ReadAllText(RefFile).Trim() is var commit && IsName(commit)) return commit;
        return IsCommit(id.Revision) && (Directory.Exists(Snapshot(id.Revision)) || File.Exists(Listing(id.Revision))) ? id.Revision : null;
    }

    /// <summary>Paths of all files of a commit, if the hub has ever listed them for us.</summary>
    public IReadOnlyList<string>? FindListing(string commit) => File.Exists(Listing(commit)) ? [.. File.ReadLines(Listing(commit)).Where(IsSafe)] : null;

    /// <summary>Keeps what the hub says of a revision, where the cache can be written.</summary>
    public void Save(string commit, IEnumerable<string> files)
    {
        try
        {
            if (!File.Exists(Listing(commit))) AtomicFile.WriteAllText(Listing(commit), string.Concat(files.Select(file => file + "\n")));
            if (commit != id.Revision && FindCommit() != commit) AtomicFile.WriteAllText(RefFile, commit);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A cache that many read and few may write serves what it has all the same.
        }
    }

    /// <summary>Is there a file, or a link to one? <see cref="File.Exists"/> holds a link to nothing for a file.</summary>
    public static bool IsThere(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return file.LinkTarget is null ? file.Exists : file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo { Exists: true };
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Paths of the files of a commit that are here.</summary>
    public IReadOnlyList<string> FilesOf(string commit)
    {
        string folder = Snapshot(commit);
        if (!Directory.Exists(folder)) return [];
        return [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(IsThere)
            .Select(file => Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/')).Order(StringComparer.Ordinal)];
    }

    /// <summary>Puts a blob where the snapshot has the file: as a link, or as a copy where links are not to be had.</summary>
    public static void Link(string blob, string file)
    {
        if (IsThere(file)) return;
        string folder = Path.GetDirectoryName(file)!, temporary = Path.Combine(folder, $".{Path.GetRandomFileName()}");
        Directory.CreateDirectory(folder);
        try
        {
            File.CreateSymbolicLink(temporary, Path.GetRelativePath(folder, blob));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            File.Copy(blob, temporary);
        }
        File.Move(temporary, file, overwrite: true);
    }

    /// <summary>
    /// Keeps other processes, Python's among them, from a blob until the result is disposed; waits while one is at it, after saying so by
    /// <paramref name="onWait"/>.
    /// </summary>
    /// <exception cref="IOException">There can be no lock in this cache.</exception>
    public IDisposable Lock(string etag, Action onWait, CancellationToken cancellation)
    {
        string file = Path.Combine(root, ".locks", name, etag + ".lock");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        for (bool waits = false; ; waits = true)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (heldByAnother.Contains(e.HResult))
            {
                if (!waits) onWait();
            }
            cancellation.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(100));
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Is a revision a full commit, whose files never change?</summary>
    public static bool IsCommit(string revision) => revision.Length == 40 && revision.All(char.IsAsciiHexDigit);

    /// <summary>Can a text from the server be one part of a path, with an extension of ours?</summary>
    public static bool IsName(string text) => text.Length is > 0 and <= 200 && text is not ("." or "..") && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    /// <summary>Is a path from the server one below a folder, on every system?</summary>
    public static bool IsSafe(string path) =>
        path.Length > 0 && path.IndexOfAny(['\\', ':']) < 0 && !path.Any(char.IsControl) && path.Split('/').All(part => part is not ("" or "." or ".."));
}
