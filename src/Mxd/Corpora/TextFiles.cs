using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Corpora;

/// <summary>
/// Reads corpora from files: <c>.jsonl</c> and <c>.ndjson</c> (UTF-8, one JSON object a line, the text under one of its fields; empty lines
/// are passed over) and <c>.txt</c> (UTF-8, the whole file is one document). A byte order mark at a file's start is no part of the text.
/// </summary>
public static class TextFiles
{
    private static readonly Dictionary<string, IDocumentReader> Readers = new(StringComparer.OrdinalIgnoreCase)
    {
        [".jsonl"] = new JsonLinesReader(),
        [".ndjson"] = new JsonLinesReader(),
        [".txt"] = new PlainTextReader(),
    };

    /// <summary>The documents of all files, in order. Nothing is read before the first is asked for, and only one is held at a time.</summary>
    /// <param name="paths">At least one file.</param>
    /// <param name="textField">The field of each JSON object that holds the text.</param>
    /// <exception cref="MxdInputException">A file is missing, empty, of another kind, or not what its extension says.</exception>
    public static IEnumerable<Document> Read(IReadOnlyList<string> paths, string textField = "text")
    {
        foreach (string path in RequireAny(paths))
            foreach (Document document in FindReader(path).Read(path, textField))
                yield return document;
    }

    /// <summary>Checks, before work starts, that every file is there, of a kind that is read, and begins with a document.</summary>
    /// <exception cref="MxdInputException">One is not.</exception>
    public static void Check(IReadOnlyList<string> paths, string textField = "text")
    {
        foreach (string path in RequireAny(paths))
            FindReader(path).Check(path, textField);
    }

    private static IReadOnlyList<string> RequireAny(IReadOnlyList<string> paths) =>
        paths.Count > 0 ? paths : throw new MxdInputException($"No text file was named; name at least one ({string.Join(", ", Readers.Keys)}).");

    private static IDocumentReader FindReader(string path)
    {
        TextFilePath.RequireContent(path);
        string extension = Path.GetExtension(path);
        return Readers.TryGetValue(extension, out IDocumentReader? reader)
            ? reader
            : throw new MxdInputException($"{path} has the extension {Shown.Name(extension)}; texts are read from {string.Join(", ", Readers.Keys)} files: convert it first.");
    }
}
