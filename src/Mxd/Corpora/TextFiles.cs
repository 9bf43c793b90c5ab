using Mxd.Corpora.Dotnet;
using Mxd.Formats;
using Mxd.Hub;
using Mxd.Runtime;

namespace Mxd.Corpora;

/// <summary>
/// Reads corpora: <c>.jsonl</c>, <c>.ndjson</c> and <c>.json</c> (UTF-8, one JSON object a line, the text under one of its fields; empty lines
/// are passed over), <c>.csv</c> (the first row names the columns), <c>.parquet</c> (a column of strings) and <c>.txt</c> (UTF-8, the whole
/// file is one document); all but parquet also with <c>.gz</c> or <c>.zst</c> after that. A byte order mark at a file's start is no part of
/// the text. Folders, patterns and data sets of the hub (<c>owner/name</c>) stand for their files, <c>dotnet</c> and <c>dotnet:held-out</c> for the
/// documentation that comes with the .NET SDK.
/// </summary>
public static class TextFiles
{
    private static readonly Dictionary<string, IDocumentReader> Readers = new(StringComparer.OrdinalIgnoreCase)
    {
        [".jsonl"] = new JsonLinesReader(),
        [".ndjson"] = new JsonLinesReader(),
        [".json"] = new JsonLinesReader(),
        [".csv"] = new CsvReader(),
        [".parquet"] = new ParquetTextReader(),
        [".txt"] = new PlainTextReader(),
    };

    /// <summary>What a text's name may end in, before a compression's extension.</summary>
    public static IReadOnlyCollection<string> Extensions => Readers.Keys;

    /// <summary>What the name of a text file ends in, read or not.</summary>
    internal static string[] AllExtensions { get; } = [.. Readers.Keys, ".gz", ".zst"];

    /// <summary>The documents of all files, in order. Nothing is read before the first is asked for, and only one is held at a time
    /// (of parquet, one row group).</summary>
    /// <param name="paths">At least one file, folder, pattern or data set of the hub.</param>
    /// <param name="textField">The field of each JSON object, or the column, that holds the text.</param>
    /// <param name="bad">Is told of rows that are wrong, which are passed over; null where the first ends the reading.</param>
    /// <param name="progress">Hears of downloads.</param>
    /// <param name="labelField">The field or column that holds a label (a string, a number or a truth value); null where none is read.</param>
    /// <param name="cancellation">Ends downloads and reading.</param>
    /// <exception cref="MxdInputException">A file is missing, empty, of another kind, or not what its extension says.</exception>
    public static IEnumerable<Document> Read(
        IReadOnlyList<string> paths, string textField = "text", BadRows? bad = null, IHubProgress? progress = null, string? labelField = null, CancellationToken cancellation = default)
    {
        foreach (string name in RequireAny(paths))
            foreach (Document document in Read(TextShards.Find([name], progress, cancellation), new DocumentFields(textField, labelField), bad, cancellation))
                yield return document;
    }

    /// <summary>The documents of all shards; one of the hub is fetched when its first document is asked for.</summary>
    internal static IEnumerable<Document> Read(
        IEnumerable<TextShard> shards, DocumentFields? fields = null, BadRows? bad = null, CancellationToken cancellation = default) =>
        shards.SelectMany(shard => ReadFile(shard.Fetch(), fields ?? new DocumentFields("text"), bad, cancellation));

    /// <summary>Checks, before work starts, that every file is there, of a kind that is read, and begins with a document. Of the hub's, that
    /// there are some.</summary>
    /// <exception cref="MxdInputException">One is not.</exception>
    public static void Check(
        IReadOnlyList<string> paths, string textField = "text", bool skipBad = false, IHubProgress? progress = null, string? labelField = null, CancellationToken cancellation = default)
    {
        foreach (TextShard shard in TextShards.Find(RequireAny(paths), progress, cancellation))
        {
            if (shard.IsOnHub) continue;
            string path = shard.Fetch();
            IDocumentReader reader = FindReader(path);
            Guarded(path, () =>
            {
                reader.Check(path, new DocumentFields(textField, labelField), skipBad ? new BadRows() : null, cancellation);
                return true;
            });
        }
    }

    /// <summary>Is there anything that a name stands for: on this machine, or as a name of the hub's?</summary>
    public static bool IsThere(string name) => TextShards.IsThere(name);

    /// <summary>Does a name stand for a text by itself, and not for a path: a data set of the hub, or the .NET SDK's text?</summary>
    public static bool IsNamed(string name) => DotnetText.IsMeant(name) || IsOnHub(name);

    /// <summary>Does a name stand for a data set of the hub?</summary>
    public static bool IsOnHub(string name) => HubDataset.IsMeant(name);

    /// <summary>The same texts, those of the hub by the commit they are at now.</summary>
    public static IReadOnlyList<string> Pin(IReadOnlyList<string> names, IHubProgress? progress = null, CancellationToken cancellation = default) =>
        [.. names.Select(name => IsOnHub(name) ? HubDataset.Pin(name, HubOptions.FromEnvironment(), progress, cancellation) : name)];

    /// <summary>Downloads what is not here, and gives the paths of all files that the names stand for.</summary>
    public static IEnumerable<string> Fetch(IReadOnlyList<string> names, IHubProgress? progress = null, CancellationToken cancellation = default) =>
        TextShards.Find(RequireAny(names), progress, cancellation).Select(shard => shard.Fetch());

    /// <summary>Is a file that nobody named, but that is in a folder or a data set, a text?</summary>
    internal static bool IsRead(string path) => Readers.ContainsKey(Path.GetExtension(TextFilePath.WithoutCompression(path))) && !IsAbout(path);

    /// <summary>Files that tell of the data and are not the data.</summary>
    private static bool IsAbout(string file) => Path.GetFileName(file) is "dataset_infos.json" or "dataset_dict.json" or "state.json" or "requirements.txt" or "LICENSE.txt" or "README.txt";

    private static IReadOnlyList<string> RequireAny(IReadOnlyList<string> paths) =>
        paths.Count > 0 ? paths : throw new MxdInputException($"No text file was named; name at least one ({string.Join(", ", Readers.Keys)}).");

    private static IEnumerable<Document> ReadFile(string path, DocumentFields fields, BadRows? bad, CancellationToken cancellation)
    {
        IDocumentReader reader = FindReader(path);
        long before = bad?.Count ?? 0, count = 0;
        using IEnumerator<Document> documents = reader.Read(path, fields, bad, cancellation).GetEnumerator();
        for (; Guarded(path, documents.MoveNext); count++) yield return documents.Current;
        if (count == 0 && bad?.Count > before) throw new MxdInputException($"{path} has no row that can be used; what is wrong with the first of all: {bad.First}");
    }

    /// <summary>What libraries say of damaged files, as problems of the user's: of any kind, since their authors did not think of all damage.</summary>
    private static bool Guarded(string path, Func<bool> step)
    {
        try
        {
            return step();
        }
        catch (Exception e) when (e is not (MxdInputException or OperationCanceledException or OutOfMemoryException))
        {
            throw new MxdInputException($"{path} cannot be read as {Path.GetExtension(path)}: it is damaged or of another kind ({OneLine.Of(e)}).", e);
        }
    }

    private static IDocumentReader FindReader(string path)
    {
        TextFilePath.RequireContent(path);
        string extension = Path.GetExtension(TextFilePath.WithoutCompression(path));
        return Readers.TryGetValue(extension, out IDocumentReader? reader)
            ? reader
            : throw new MxdInputException($"{path} has the extension {Shown.Name(extension)}; texts are read from {string.Join(", ", Readers.Keys)} files: convert it first.");
    }
}
