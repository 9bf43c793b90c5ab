using System.Text.RegularExpressions;
using Mxd.Hub;
using Mxd.Runtime;

namespace Mxd.Corpora;

/// <summary>
/// A data set of the hub as people write it: <c>owner/name</c>, <c>owner/name@revision</c>, either with <c>:PATTERN</c> to choose files. Its
/// files are downloaded one by one, when reading has come to them.
/// </summary>
internal static partial class HubDataset
{
    /// <summary>Where the hub keeps data sets of scripts and other formats as parquet.</summary>
    private const string ConvertedRevision = "refs/convert/parquet";

    /// <summary>How many names of parts a person is shown.</summary>
    private const int Shown = 12;

    // Of a data set that is there twice, the form with the least to go wrong.
    private static readonly string[] kinds = [".parquet", ".jsonl", ".ndjson", ".json", ".csv", ".txt"];

    /// <summary>Does a text's name, of something that is not on this machine, have the form of a data set's?</summary>
    public static bool IsMeant(string name)
    {
        string id = HubId.SplitPart(name).Id;
        return !Path.Exists(name) && id.Contains('/', StringComparison.Ordinal) && HubId.IsMeant(id, TextFiles.AllExtensions);
    }

    /// <summary>The same data set at the commit it is at now, so that a run goes on with what it began with.</summary>
    public static string Pin(string name, HubOptions options, IHubProgress? progress, CancellationToken cancellation)
    {
        (HubSnapshot snapshot, _) = Choose(name, options, progress, cancellation);
        return $"{snapshot.Id.Name}@{snapshot.Commit}{(HubId.SplitPart(name).Part is { } pattern ? $":{pattern}" : "")}";
    }

    /// <exception cref="MxdInputException">There is no such data set, or none of its files is read here.</exception>
    public static IReadOnlyList<TextShard> Find(string name, HubOptions options, IHubProgress? progress, CancellationToken cancellation)
    {
        (HubSnapshot snapshot, string[] files) = Choose(name, options, progress, cancellation);
        if (snapshot.IsOfCache)
            progress?.Note($"Data set {snapshot.Id} is read from the cache, which has {files.Length} of its files that are meant, perhaps not all.");
        return [.. files.Select(file => new TextShard($"{snapshot.Id.Name}@{snapshot.Commit}/{file}", true, () => Fetch(snapshot, file, options, progress, cancellation)))];
    }

    private static string Fetch(HubSnapshot snapshot, string file, HubOptions options, IHubProgress? progress, CancellationToken cancellation)
    {
        using var client = new HubClient(options);
        return client.Fetch(snapshot, file, progress, cancellation);
    }

    private static (HubSnapshot Snapshot, string[] Files) Choose(string name, HubOptions options, IHubProgress? progress, CancellationToken cancellation)
    {
        (string text, string? pattern) = HubId.SplitPart(name);
        HubId id = HubId.Parse(text);
        using var client = new HubClient(options);
        HubSnapshot? snapshot = client.TryOpen(HubKind.Dataset, id, out MxdInputException? problem, progress, cancellation);
        string[] files = OfTexts(snapshot, pattern);
        // Of a data set that was read so before, a cache may have the converted files only.
        if (files.Length == 0 && id.Revision == HubId.DefaultRevision
            && client.TryOpen(HubKind.Dataset, id with { Revision = ConvertedRevision }, out _, progress, cancellation) is { } converted)
            (snapshot, files) = (converted, OfTexts(converted, pattern));
        if (snapshot is null) throw problem!;
        if (files.Length == 0)
            throw new MxdInputException($"Data set {id} has no file {(pattern is null ? "" : $"that {pattern} stands for and ")}that is read here ({string.Join(", ", TextFiles.Extensions)}){(snapshot.IsOfCache ? " in the cache" : "")}: choose others by {id}:PATTERN.");
        if (pattern is null) RequireOnePart(id, files);
        return (snapshot, files);
    }

    /// <summary>The files to read: those a pattern stands for; else of one kind, and of the training split if there is one.</summary>
    private static string[] OfTexts(HubSnapshot? snapshot, string? pattern)
    {
        string[] texts = [.. (snapshot?.Files ?? []).Where(file => TextFiles.IsRead(file)).Order(StringComparer.Ordinal)];
        if (pattern is not null) return [.. texts.Where(new GlobPattern(pattern).IsMatch)];
        string[] ofKind = kinds.Select(kind => texts.Where(file => TextFilePath.WithoutCompression(file).EndsWith(kind, StringComparison.OrdinalIgnoreCase)).ToArray()).FirstOrDefault(files => files.Length > 0) ?? [];
        string[] training = [.. ofKind.Where(file => Training().IsMatch(file))];
        return training.Length > 0 ? training : ofKind;
    }

    /// <summary>Parts lie in folders of their own: languages, subjects, configurations. To mix them is for the user to say.</summary>
    private static void RequireOnePart(HubId id, string[] files)
    {
        string[] folders = [.. files.Where(file => file.Contains('/', StringComparison.Ordinal)).Select(file => file.Split('/')[0]).Distinct()];
        bool isAnyOutside = files.Any(file => !file.Contains('/', StringComparison.Ordinal));
        int parts = folders.Length + (isAnyOutside ? 1 : 0);
        if (parts == 1) return;
        string[] some = [.. folders.Take(Shown), .. folders.Length > Shown ? ["…"] : Array.Empty<string>(), .. isAnyOutside ? ["files in no folder"] : Array.Empty<string>()];
        throw new MxdInputException($"Data set {id} has {parts} parts ({string.Join(", ", some)}): choose by {id}:{folders[^1]}/**, {(isAnyOutside ? $"those in no folder by {id}:*, " : "")}or take all by {id}:**.");
    }

    [GeneratedRegex("(?<![a-z])train(ing)?(?![a-z])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Training();
}
