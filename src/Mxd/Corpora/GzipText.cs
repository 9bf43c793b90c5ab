using System.IO.Compression;

namespace Mxd.Corpora;

/// <summary>
/// What a gzip file of one or more members holds, to its end. <see cref="GZipStream"/> takes a file that breaks off, or that goes on with
/// something else, for whole. So a member with a mark is put after the file: the text ends with the mark only if all before it was whole.
/// </summary>
internal sealed class GzipText(Stream file) : ReadingStream
{
    private static readonly byte[] mark = [.. "this is the end"u8];
    private static readonly byte[] markMember = Compress(mark);

    private readonly GZipStream gzip = new(new Marked(file), CompressionMode.Decompress);
    private readonly byte[] held = new byte[(1 << 16) + mark.Length];
    private int start;
    private int end;

    public override int Read(Span<byte> buffer)
    {
        // What may be the mark is held back.
        while (end - start <= mark.Length)
        {
            held.AsSpan(start, end - start).CopyTo(held);
            (start, end) = (0, end - start);
            int read = gzip.Read(held.AsSpan(end));
            if (read == 0)
                return held.AsSpan(0, end).SequenceEqual(mark) ? 0 : throw new InvalidDataException("it ends in the middle, or something else comes after its end");
            end += read;
        }
        int count = Math.Min(buffer.Length, end - start - mark.Length);
        held.AsSpan(start, count).CopyTo(buffer);
        start += count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) gzip.Dispose();
        base.Dispose(disposing);
    }

    private static byte[] Compress(byte[] content)
    {
        var result = new MemoryStream();
        using (var gzip = new GZipStream(result, CompressionMode.Compress)) gzip.Write(content);
        return result.ToArray();
    }

    /// <summary>The file and then the mark's member.</summary>
    private sealed class Marked(Stream file) : ReadingStream
    {
        private readonly MemoryStream after = new(markMember);

        public override int Read(Span<byte> buffer) => file.Read(buffer) is > 0 and var count ? count : after.Read(buffer);

        protected override void Dispose(bool disposing)
        {
            if (disposing) file.Dispose();
            base.Dispose(disposing);
        }
    }
}
