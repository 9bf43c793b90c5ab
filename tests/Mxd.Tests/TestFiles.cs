namespace Mxd.Tests;

/// <summary>Where tests find their fixtures; see docs/testing.md.</summary>
public static class TestFiles
{
    public static string Root { get; } = FindRoot();

    /// <summary>Golden numbers: MXD_GOLDEN_DIR, or the project's own copy.</summary>
    public static string Golden { get; } =
        Environment.GetEnvironmentVariable("MXD_GOLDEN_DIR") is { Length: > 0 } folder ? folder : Path.Combine(Root, "tests", "golden");

    /// <summary>Models, texts and vocabularies that do not ship with the project: MXD_SHARED_DIR, or ../shared beside the repository.</summary>
    public static string Shared { get; } =
        Environment.GetEnvironmentVariable("MXD_SHARED_DIR") is { Length: > 0 } folder ? folder : Path.Combine(Root, "..", "shared");

    /// <summary>
    /// Names (path below the golden folder, without the extension) of the files of <paramref name="folder"/> that match
    /// <paramref name="pattern"/>. Where the project's copy leaves the folder out, the shared folder's is read.
    /// </summary>
    public static TheoryData<string> FindGolden(string folder, string pattern)
    {
        var names = new TheoryData<string>();
        foreach (string path in GoldenFiles(folder, pattern))
            names.Add(folder + "/" + Path.GetFileNameWithoutExtension(path));
        return names;
    }

    /// <summary>Names (path below the golden folder) of the folders in <paramref name="folder"/> that hold a file <paramref name="file"/>.</summary>
    public static TheoryData<string> FindGoldenFolders(string folder, string file)
    {
        string path = GoldenFolder(folder);
        string[] found = Directory.Exists(path) ? [.. Directory.GetDirectories(path).Where(f => File.Exists(Path.Combine(f, file))).Order(StringComparer.Ordinal)] : [];
        return [.. found.Select(f => folder + "/" + Path.GetFileName(f))];
    }

    /// <summary>The full path of a golden file named as <see cref="FindGolden"/> names it.</summary>
    public static string GoldenPath(string name, string extension) => Path.Combine(GoldenFolder(Path.GetDirectoryName(name)!), Path.GetFileName(name) + extension);

    /// <summary>The path of a file in the shared folder; the test is skipped, saying so, where it is absent.</summary>
    public static string SharedOrSkip(params string[] parts)
    {
        string path = Path.GetFullPath(Path.Combine([Shared, .. parts]));
        Assert.SkipUnless(File.Exists(path) || Directory.Exists(path), $"{path} is absent; set MXD_SHARED_DIR to the folder that holds it.");
        return path;
    }

    private static string[] GoldenFiles(string folder, string pattern)
    {
        string path = GoldenFolder(folder);
        return Directory.Exists(path) ? [.. Directory.GetFiles(path, pattern).Order(StringComparer.Ordinal)] : [];
    }

    private static string GoldenFolder(string folder)
    {
        string own = Path.Combine(Golden, folder);
        bool chosen = Environment.GetEnvironmentVariable("MXD_GOLDEN_DIR") is { Length: > 0 };
        return chosen || Directory.Exists(own) ? own : Path.Combine(Shared, "golden", folder);
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Mxd.slnx"))) return folder.FullName;
        throw new DirectoryNotFoundException("Mxd.slnx was not found above " + AppContext.BaseDirectory);
    }
}
