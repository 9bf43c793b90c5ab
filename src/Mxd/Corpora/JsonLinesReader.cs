using Mxd.Runtime;

namespace Mxd.Corpora;

/// <summary>One JSON object a line, one document an object.</summary>
internal sealed class JsonLinesReader : IDocumentReader
{
    public IEnumerable<Document> Read(string path, string textField)
    {
        using FileStream stream = TextFilePath.Open(path);
        var lines = new LineReader(stream, path);
        bool isAny = false;
        while (lines.TryRead(out ReadOnlyMemory<byte> line))
        {
            if (lines.Number == 1 && line.Span.StartsWith(Utf8Text.ByteOrderMark)) line = line[Utf8Text.ByteOrderMark.Length..];
            if (IsBlank(line.Span)) continue;
            isAny = true;
            yield return new Document(new JsonLine(path, lines.Number, textField).ReadText(line.Span), path, lines.Number);
        }
        if (!isAny) throw new MxdInputException($"{path} holds no document, only {lines.Number} empty lines: name a file with one JSON object a line.");
    }

    public void Check(string path, string textField) => _ = Read(path, textField).First();

    private static bool IsBlank(ReadOnlySpan<byte> line) => line.IndexOfAnyExcept(" \t\r"u8) < 0;
}
