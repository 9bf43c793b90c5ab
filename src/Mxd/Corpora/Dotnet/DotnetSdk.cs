using System.Runtime.InteropServices;
using Mxd.Runtime;

namespace Mxd.Corpora.Dotnet;

/// <summary>A .NET SDK on this machine, for the text that lies in it: documentation of its reference packs, translations of its tools' messages.</summary>
/// <param name="Root">The folder of the <c>dotnet</c> program.</param>
internal sealed record DotnetSdk(string Root)
{
    // Copies of a file in a later pack are left out. Others come with some systems only, and the text should be the same on all.
    private static readonly string[] packs = ["Microsoft.NETCore.App.Ref", "Microsoft.AspNetCore.App.Ref"];

    /// <summary>The SDK whose runtime this is, else the one of DOTNET_ROOT or of the PATH.</summary>
    /// <exception cref="MxdInputException">There is none with reference packs.</exception>
    public static DotnetSdk Find() => TryFind() ?? throw new MxdInputException(
        $"The text '{DotnetText.Name}' is the documentation in a .NET SDK, but none of {string.Join(", ", Places().Distinct())} has reference packs that can be read: set DOTNET_ROOT to an SDK's folder, or name other text by --text.");

    public static DotnetSdk? TryFind() => Places().Select(place => new DotnetSdk(place)).FirstOrDefault(sdk => sdk.HasDocumentation());

    /// <summary>Are there packs, all of whose folders can be read?</summary>
    internal bool HasDocumentation()
    {
        try
        {
            return Documentation().Any();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>XML files of documentation, in the order of packs and names; each name once.</summary>
    public IEnumerable<string> Documentation() => packs
        .SelectMany(pack => Newest(Path.Combine(Root, "packs", pack)) is { } version ? Files(Path.Combine(version, "ref"), "*.xml") : [])
        .DistinctBy(Path.GetFileName, StringComparer.Ordinal);

    /// <summary>Assemblies of translated strings, in the order of their names and languages; each once.</summary>
    public IEnumerable<(string File, string Language)> Translations() =>
        (Newest(Path.Combine(Root, "sdk")) is { } version ? Files(version, "*.resources.dll") : [])
        .Select(file => (File: file, Language: Path.GetFileName(Path.GetDirectoryName(file)!)))
        .DistinctBy(found => (Path.GetFileName(found.File), found.Language))
        .OrderBy(found => Path.GetFileName(found.File), StringComparer.Ordinal)
        .ThenBy(found => found.Language, StringComparer.Ordinal);

    private static IEnumerable<string> Places()
    {
        // The runtime lies in shared/Microsoft.NETCore.App/VERSION/ of its root.
        string runtime = Path.TrimEndingDirectorySeparator(RuntimeEnvironment.GetRuntimeDirectory());
        if (Path.GetDirectoryName(Path.GetDirectoryName(Path.GetDirectoryName(runtime))) is { } root) yield return root;
        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } named) yield return named;
        string program = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        foreach (string folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            if (new FileInfo(Path.Combine(folder, program)) is { Exists: true } file)
                yield return Path.GetDirectoryName(Target(file))!;
    }

    private static string Target(FileInfo file)
    {
        try
        {
            return file.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file.FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return file.FullName;
        }
    }

    private static IEnumerable<string> Files(string folder, string pattern) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        : [];

    /// <summary>The folder of the highest version, a release before its previews.</summary>
    private static string? Newest(string folder) => !Directory.Exists(folder) ? null : Directory.GetDirectories(folder)
        .Select(path => (Path: path, Name: Path.GetFileName(path)))
        .Where(found => Version.TryParse(found.Name.Split('-')[0], out _))
        .OrderBy(found => Version.Parse(found.Name.Split('-')[0]))
        .ThenBy(found => !found.Name.Contains('-', StringComparison.Ordinal))
        .ThenBy(found => found.Name, StringComparer.Ordinal)
        .LastOrDefault().Path;
}
