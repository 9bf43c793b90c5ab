namespace Mxd.Runtime;

/// <summary>
/// Folders that appear whole or not at all: filled under a temporary name beside the final one, then renamed. A failure leaves nothing.
/// </summary>
public static class AtomicFolder
{
    /// <summary>Makes a folder and lets <paramref name="fill"/> write into it; the folder above is made if it is absent.</summary>
    /// <param name="path">The folder, which must not exist.</param>
    /// <param name="fill">Receives the temporary folder.</param>
    /// <exception cref="MxdInputException">There is something at <paramref name="path"/> already, or nothing can be made there.</exception>
    /// <exception cref="Exception">What <paramref name="fill"/> throws, after the temporary folder is removed.</exception>
    public static void Write(string path, Action<string> fill)
    {
        ArgumentNullException.ThrowIfNull(fill);
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        RequireFree(path);
        string temporary = Make(path);
        try
        {
            fill(temporary);
            Directory.Move(temporary, path);
        }
        catch
        {
            Directory.Delete(temporary, recursive: true);
            throw;
        }
    }

    /// <summary>The same for a folder that may be there already: it is exchanged for the new one once that is whole.</summary>
    /// <exception cref="MxdInputException">There is a file at the path, or nothing can be made there.</exception>
    /// <exception cref="Exception">What <paramref name="fill"/> throws; what was there before is left.</exception>
    public static void Replace(string path, Action<string> fill)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        string old = Path.Combine(Path.GetDirectoryName(path) ?? path, $".{Path.GetFileName(path)}.old");
        // A process that was killed between the two renamings left the folder under this name.
        if (Directory.Exists(old) && !Path.Exists(path)) Directory.Move(old, path);
        if (!Directory.Exists(path))
        {
            Write(path, fill);
            return;
        }
        Discard(old);
        string made = Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
        Write(made, fill);
        Directory.Move(path, old);
        try
        {
            Directory.Move(made, path);
        }
        catch
        {
            Directory.Move(old, path);
            Directory.Delete(made, recursive: true);
            throw;
        }
        Discard(old);
    }

    /// <summary>One that cannot be removed lies beside the new one, hidden, until the next time.</summary>
    private static void Discard(string old)
    {
        try
        {
            if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    /// <exception cref="MxdInputException">There is something at the path.</exception>
    public static void RequireFree(string path)
    {
        if (Path.Exists(path)) throw new MxdInputException($"{path} exists already: name a new folder, or remove that one.");
    }

    private static string Make(string path)
    {
        try
        {
            string parent = Path.GetDirectoryName(path) ?? throw new MxdInputException($"'{path}' is the root: name a folder below it.");
            return Directory.CreateDirectory(Path.Combine(parent, $".{Path.GetFileName(path)}.{Environment.ProcessId:x}-{Guid.NewGuid():N}.tmp")).FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MxdInputException($"{path} cannot be made ({OneLine.Of(e)}): name another folder.", e);
        }
    }
}
