using Mxd.Runtime;

namespace Mxd.Corpora;

/// <summary>One JSON object a line, one document an object.</summary>
internal sealed class JsonLinesReader : IDocumentReader
{
    public IEnumerable<Document> Read(string path, DocumentFields fields, BadRows? bad, CancellationToken cancellation)
    {
        using Stream stream = TextFilePath.Open(path);
        var lines = new LineReader(stream, path);
        bool isAny = false;
        while (lines.TryRead(out ReadOnlyMemory<byte> line))
        {
            cancellation.ThrowIfCancellationRequested();
            if (lines.Number == 1 && line.Span.StartsWith(Utf8Text.ByteOrderMark)) line = line[Utf8Text.ByteOrderMark.Length..];
            if (IsBlank(line.Span)) continue;
            isAny = true;
            if (Document(new JsonLine(path, lines.Number), line.Span, fields, bad) is { } document) yield return document;
        }
        if (!isAny) throw new MxdInputException($"{path} holds no document, only {lines.Number} empty lines: name a file with one JSON object a line.");
    }

    public void Check(string path, DocumentFields fields, BadRows? bad, CancellationToken cancellation) => _ = Read(path, fields, bad, cancellation).FirstOrDefault();

    private static Document? Document(JsonLine place, ReadOnlySpan<byte> line, DocumentFields fields, BadRows? bad)
    {
        try
        {
            return new Document(place.ReadText(line, fields.Text), place.Path, place.Number, fields.Label is { } label ? place.ReadLabel(line, label) : null);
        }
        catch (MxdInputException e) when (bad is not null)
        {
            bad.Add(e.Message);
            return null;
        }
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) => line.IndexOfAnyExcept(" \t\r"u8) < 0;
}
