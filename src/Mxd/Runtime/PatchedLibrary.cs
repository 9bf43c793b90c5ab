using System.Globalization;
using System.Runtime.InteropServices;

namespace Mxd.Runtime;

/// <summary>
/// Loads a library's patched bytes. The loader needs a file, so they are kept in the user's cache folder, under a name that hashes them;
/// where that cannot be written or loaded from (read-only or noexec homes), in a private temporary folder that is removed after loading.
/// </summary>
internal static class PatchedLibrary
{
    /// <summary>The user's cache folder for such libraries; null where the user has no home.</summary>
    public static string? CacheFolder() => UserCache.TryFolder("native");

    /// <summary>
    /// The path of a file in <paramref name="folder"/> with these contents. One that is there is read and compared, so that a damaged or
    /// foreign one is replaced and never loaded. Any number of processes and threads may do this at once.
    /// </summary>
    public static string Store(string folder, string name, byte[] contents)
    {
        string path = Path.Combine(folder, $"{Hash(contents).ToString("x16", CultureInfo.InvariantCulture)}-{name}");
        if (!HasContents(path, contents)) AtomicFile.Write(path, stream => stream.Write(contents));
        return path;
    }

    /// <summary>Loads the library; the path is where it was when it was loaded.</summary>
    /// <exception cref="MxdInputException">No folder can be written to and loaded from.</exception>
    public static (nint Handle, string Path) Load(string name, byte[] contents)
    {
        try
        {
            if (CacheFolder() is { } cache)
            {
                string path = Store(cache, name, contents);
                return (NativeLibrary.Load(path), path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DllNotFoundException)
        {
            // The temporary folder below may do; if not, its error is reported.
        }

        return LoadFromTemporaryFolder(name, contents);
    }

    private static (nint Handle, string Path) LoadFromTemporaryFolder(string name, byte[] contents)
    {
        string? folder = null;
        try
        {
            folder = Directory.CreateTempSubdirectory("mxd-").FullName;
            string path = Store(folder, name, contents);
            return (NativeLibrary.Load(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DllNotFoundException)
        {
            throw new MxdInputException(
                $"A copy of {name} could be loaded neither from {CacheFolder() ?? "a home folder"} nor from {Path.GetTempPath()} ({OneLine.Of(e)}): " +
                "set XDG_CACHE_HOME to a folder that can be written to and run from.", e);
        }
        finally
        {
            if (folder is not null) Directory.Delete(folder, recursive: true);
        }
    }

    private static bool HasContents(string path, byte[] contents)
    {
        try
        {
            return File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(contents);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // FNV-1a: the contents are compared anyway, so the name need only differ; SHA-256 would load OpenSSL at every start.
    private static ulong Hash(ReadOnlySpan<byte> contents)
    {
        ulong hash = 0xcbf29ce484222325;
        foreach (byte value in contents) hash = (hash ^ value) * 0x100000001b3;
        return hash;
    }
}
