using Microsoft.Extensions.FileSystemGlobbing;
using Mxd.Hub;
using Mxd.Runtime;

namespace Mxd.Corpora;

/// <summary>Finds the files that texts' names stand for: a file, a folder, a pattern such as <c>data/*.jsonl.gz</c>, or a data set of the hub.</summary>
internal static class TextShards
{
    private static readonly char[] wildcards = ['*', '?'];

    /// <summary>All files, those of one name in ordinal order. Nothing is downloaded but lists of files.</summary>
    /// <exception cref="MxdInputException">A name stands for nothing.</exception>
    public static IReadOnlyList<TextShard> Find(IReadOnlyList<string> names, IHubProgress? progress = null, CancellationToken cancellation = default) =>
        [.. names.SelectMany(name => Find(name, progress, cancellation))];

    /// <summary>Is there anything on this machine that a name stands for, or is it one of the hub?</summary>
    public static bool IsThere(string name) => HubDataset.IsMeant(name) || File.Exists(name) || Local(name).Any();

    private static IEnumerable<TextShard> Find(string name, IHubProgress? progress, CancellationToken cancellation)
    {
        if (HubDataset.IsMeant(name)) return HubDataset.Find(name, HubOptions.FromEnvironment(), progress, cancellation);
        if (!Directory.Exists(name) && name.IndexOfAny(wildcards) < 0) return [Shard(name)];
        TextShard[] found = [.. Local(name)];
        if (found.Length > 0) return found;
        throw new MxdInputException(Directory.Exists(name)
            ? $"{name} is a folder without texts ({string.Join(", ", TextFiles.Extensions)}): name files, or the folder they are in."
            : $"{name} stands for no file: check the pattern, or name the files.");
    }

    private static TextShard Shard(string path) => new(path, false, () => path);

    private static IEnumerable<TextShard> Local(string name)
    {
        if (Directory.Exists(name)) return Sorted(Directory.EnumerateFiles(name, "*", SearchOption.AllDirectories).Where(TextFiles.IsRead));
        int wildcard = name.IndexOfAny(wildcards);
        if (wildcard < 0) return [];
        string start = name[..wildcard];
        int cut = start.LastIndexOfAny([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar]);
        string folder = cut < 0 ? "." : cut == 0 ? Path.GetPathRoot(Path.GetFullPath(name))! : name[..cut];
        if (!Directory.Exists(folder)) return [];
        return Sorted(new Matcher(StringComparison.Ordinal).AddInclude(name[(cut + 1)..]).GetResultsInFullPath(folder));
    }

    private static IEnumerable<TextShard> Sorted(IEnumerable<string> paths) => paths.Order(StringComparer.Ordinal).Select(Shard);
}
