using System.Text;
using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Corpora;

/// <summary>The whole file as one document.</summary>
internal sealed class PlainTextReader : IDocumentReader
{
    /// <summary>A string holds no more; a corpus of this size has documents in it that should be kept apart.</summary>
    private const int LongestText = (1 << 30) - (1 << 16);

    /// <summary>Files up to this size are read when they are checked: it takes milliseconds.</summary>
    private const int CheckedWhole = 1 << 24;

    public IEnumerable<Document> Read(string path, DocumentFields fields, BadRows? bad, CancellationToken cancellation)
    {
        RequireNoLabel(path, fields);
        RequireShort(path);
        yield return new Document(ReadText(path, cancellation), path, 1);
    }

    public void Check(string path, DocumentFields fields, BadRows? bad, CancellationToken cancellation)
    {
        RequireNoLabel(path, fields);
        if (RequireShort(path) <= CheckedWhole) _ = ReadText(path, cancellation);
    }

    private static void RequireNoLabel(string path, DocumentFields fields)
    {
        if (fields.Label is { } label) throw new MxdInputException($"{path} is one document without fields, and has no label {Shown.Name(label)}: write texts and labels to a .jsonl or .csv file.");
    }

    private static long RequireShort(string path)
    {
        long length = TextFilePath.RequireContent(path);
        return length <= LongestText
            ? length
            : throw TooLong(path, $"{length} bytes");
    }

    private static MxdInputException TooLong(string path, string size) =>
        new($"{path} has {size}; a .txt file is one document of at most {LongestText}: write its documents to a .jsonl file.");

    private static string ReadText(string path, CancellationToken cancellation)
    {
        byte[] bytes = ReadBytes(path, cancellation);
        ReadOnlySpan<byte> text = bytes.AsSpan().StartsWith(Utf8Text.ByteOrderMark) ? bytes.AsSpan(Utf8Text.ByteOrderMark.Length) : bytes;
        int invalid = Utf8Text.FindInvalid(text);
        if (invalid < 0) return Encoding.UTF8.GetString(text);
        int line = 1 + text[..invalid].Count((byte)'\n');
        int column = invalid - text[..invalid].LastIndexOf((byte)'\n');
        throw new MxdInputException($"{path}, line {line}: byte {column} of the line is not UTF-8: save the file as UTF-8.");
    }

    private static byte[] ReadBytes(string path, CancellationToken cancellation)
    {
        using Stream stream = TextFilePath.Open(path);
        using var bytes = new MemoryStream();
        var buffer = new byte[1 << 20];
        // A compressed file's length says nothing of its text's.
        for (int count; (count = stream.Read(buffer)) > 0; bytes.Write(buffer, 0, count))
        {
            cancellation.ThrowIfCancellationRequested();
            if (bytes.Length + count > LongestText) throw TooLong(path, "more bytes than are read");
        }
        return bytes.ToArray();
    }
}
