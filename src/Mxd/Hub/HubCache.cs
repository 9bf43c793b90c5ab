using Mxd.Runtime;

namespace Mxd.Hub;

/// <summary>
/// One repository's part of the cache, in the layout of Hugging Face's library, so that files serve both:
/// <c>blobs/ETAG</c>, <c>refs/REVISION</c> (a commit), <c>snapshots/COMMIT/path</c> (links to blobs), <c>.locks</c> beside all repositories.
/// </summary>
internal sealed class HubCache(string root, HubKind kind, HubId id)
{
    private readonly string name = $"{(kind == HubKind.Model ? "models" : "datasets")}--{id.Name.Replace("/", "--", StringComparison.Ordinal)}";

    public string Root => root;

    private string Folder => Path.Combine(root, name);

    private string RefFile => Path.Combine(Folder, "refs", Path.Combine(id.Revision.Split('/')));

    public string Snapshot(string commit) => Path.Combine(Folder, "snapshots", commit);

    public string Blob(string etag) => Path.Combine(Folder, "blobs", etag);

    /// <summary>The commit that the revision stood for when it was last asked for; a full commit stands for itself.</summary>
    public string? FindCommit()
    {
        if (File.Exists(RefFile) && File.ReadAllText(RefFile).Trim() is var commit && IsName(commit)) return commit;
        return IsName(id.Revision) && Directory.Exists(Snapshot(id.Revision)) ? id.Revision : null;
    }

    public void SaveCommit(string commit)
    {
        if (commit == id.Revision || FindCommit() == commit) return;
        Directory.CreateDirectory(Path.GetDirectoryName(RefFile)!);
        AtomicFile.WriteAllText(RefFile, commit);
    }

    /// <summary>Paths of the files of a commit that are here.</summary>
    public IReadOnlyList<string> FilesOf(string commit)
    {
        string folder = Snapshot(commit);
        if (!Directory.Exists(folder)) return [];
        return [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(File.Exists)
            .Select(file => Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/')).Order(StringComparer.Ordinal)];
    }

    /// <summary>Puts a blob where the snapshot has the file: as a link, or as a copy where links are not to be had.</summary>
    public static void Link(string blob, string file)
    {
        if (File.Exists(file)) return;
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

    /// <summary>Keeps other processes from a blob until the result is disposed; waits while one is at it.</summary>
    public IDisposable Lock(string etag, CancellationToken cancellation)
    {
        string file = Path.Combine(root, ".locks", name, etag + ".lock");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        while (true)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (!cancellation.IsCancellationRequested)
            {
                cancellation.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(100));
            }
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Can a text from the server be one part of a path?</summary>
    public static bool IsName(string text) => text.Length is > 0 and <= 255 && text is not ("." or "..") && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    /// <summary>Is a path from the server one below a folder, on every system?</summary>
    public static bool IsSafe(string path) =>
        path.Length > 0 && path.IndexOfAny(['\\', ':', '\0']) < 0 && path.Split('/').All(part => part is not ("" or "." or ".."));
}
