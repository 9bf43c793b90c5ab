using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Mxd.Runtime;

/// <summary>
/// Where this program's native libraries may be: NuGet's layout under the program, beside it (published for one platform), the folders
/// of the runtime's own search (packages used in place), and the same beside this library (plugins).
/// </summary>
internal static class NativeFolders
{
    /// <summary>Existing folders, best first, each once.</summary>
    public static IReadOnlyList<string> All()
    {
        List<string> folders = [.. Layouts(AppContext.BaseDirectory)];
        if (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") is string search)
            folders.AddRange(search.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries));
        if (OwnFolder() is { Length: > 0 } own) folders.AddRange(Layouts(own));
        return [.. folders.Select(folder => Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))).Where(Directory.Exists).Distinct()];
    }

    /// <summary>The first of the files of that name; null where there is none.</summary>
    public static string? Find(IEnumerable<string> folders, string fileName) =>
        folders.Select(folder => Path.Combine(folder, fileName)).FirstOrDefault(File.Exists);

    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "Empty in a single-file program, where the program's folder is searched.")]
    private static string? OwnFolder() => Path.GetDirectoryName(typeof(NativeFolders).Assembly.Location);

    private static string[] Layouts(string root)
    {
        string platform = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        return [Path.Combine(root, "runtimes", $"{platform}-{architecture}", "native"), root];
    }
}
