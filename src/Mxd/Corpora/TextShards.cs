using Mxd.Corpora.Dotnet;
using Mxd.Hub;
using Mxd.Runtime;

namespace Mxd.Corpora;

/// <summary>Finds the files that texts' names stand for: a file, a folder, a pattern such as <c>data/*.jsonl.gz</c>, a data set of the hub, or
/// the text of the .NET SDK (<c>dotnet</c>).</summary>
internal static class TextShards
{
    /// <summary>All files, those of one name in ordinal order. Nothing is downloaded but lists of files.</summary>
    /// <exception cref="MxdInputException">A name stands for nothing.</exception>
    public static IReadOnlyList<TextShard> Find(IReadOnlyList<string> names, IHubProgress? progress = null, CancellationToken cancellation = default) =>
        [.. names.SelectMany(name => Find(name, progress, cancellation))];

    /// <summary>Is there anything on this machine that a name stands for, or is it one of the hub?</summary>
    public static bool IsThere(string name) => DotnetText.IsMeant(name) ? DotnetText.IsThere() : HubDataset.IsMeant(name) || File.Exists(name) || Local(name).Any();

    private static IEnumerable<TextShard> Find(string name, IHubProgress? progress, CancellationToken cancellation)
    {
        if (DotnetText.IsMeant(name)) return [Shard(DotnetText.Fetch(name, cancellation))];
        if (HubDataset.IsMeant(name)) return HubDataset.Find(name, HubOptions.FromEnvironment(), progress, cancellation);
        if (File.Exists(name) || (!Directory.Exists(name) && !GlobPattern.IsMeant(name))) return [Shard(name)];
        TextShard[] found = [.. Local(name)];
        if (found.Length > 0) return found;
        throw new MxdInputException(Directory.Exists(name)
            ? $"{name} is a folder without texts ({string.Join(", ", TextFiles.Extensions)}): name files, or the folder they are in."
            : $"{name} stands for no file that is read here ({string.Join(", ", TextFiles.Extensions)}): check the pattern, or name the files.");
    }

    private static TextShard Shard(string path) => new(path, false, () => path);

    private static IEnumerable<TextShard> Local(string name)
    {
        if (Directory.Exists(name)) return TextFolder.Find(name).Select(Shard);
        if (!GlobPattern.IsMeant(name)) return [];
        // The folders before the first name with a wildcard; a link among them is followed.
        string[] names = name.Replace(Path.DirectorySeparatorChar, '/').Split('/');
        int fixedNames = Array.FindIndex(names, GlobPattern.IsMeant);
        string folder = fixedNames == 0 ? "." : string.Join('/', names[..fixedNames]) + "/";
        var pattern = new GlobPattern(string.Join('/', names[fixedNames..]));
        return Directory.Exists(folder) ? TextFolder.Find(Path.GetFullPath(folder), pattern).Select(Shard) : [];
    }
}
