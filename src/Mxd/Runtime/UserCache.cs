namespace Mxd.Runtime;

/// <summary>Folders for what can be made again: below <c>mxd</c> in the user's cache (XDG_CACHE_HOME, otherwise <c>~/.cache</c>).</summary>
internal static class UserCache
{
    /// <summary>The folder of one kind of file, which may not exist yet; null where the user has no home.</summary>
    public static string? TryFolder(string kind)
    {
        string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (!Path.IsPathRooted(cache))
        {
            string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            if (home.Length == 0) return null;
            cache = Path.Combine(home, ".cache");
        }

        return Path.Combine(cache, "mxd", kind);
    }

    /// <summary>The same, or a folder of temporary files where the user has no home.</summary>
    public static string Folder(string kind) => TryFolder(kind) ?? Path.Combine(Path.GetTempPath(), "mxd", kind);
}
