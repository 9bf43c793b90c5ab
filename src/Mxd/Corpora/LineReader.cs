using Mxd.Runtime;

namespace Mxd.Corpora;

/// <summary>Cuts a stream of bytes into lines, holding one buffer that grows to the longest line.</summary>
/// <param name="stream">Read to its end; not disposed.</param>
/// <param name="path">Named in errors.</param>
/// <param name="bufferSize">Bytes to begin with; tests choose few, so that every way of refilling runs.</param>
internal sealed class LineReader(Stream stream, string path, int bufferSize = 1 << 18)
{
    /// <summary>Longer lines are refused: their text would not fit in a string.</summary>
    private const int LongestLine = 1 << 30;
    private byte[] buffer = new byte[bufferSize];
    private int start;
    private int end;
    private bool isAtEnd;

    /// <summary>The number of the line read last, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>The next line without its line feed, valid until the next call; false at the end of the stream.</summary>
    public bool TryRead(out ReadOnlyMemory<byte> line)
    {
        line = default;
        int searched = start;
        int feed;
        while ((feed = buffer.AsSpan(searched, end - searched).IndexOf((byte)'\n')) < 0)
        {
            int pending = end - start;
            if (isAtEnd) break;
            Fill();
            searched = start + pending;
        }
        if (feed < 0 && start == end) return false;
        int stop = feed < 0 ? end : searched + feed;
        line = buffer.AsMemory(start, stop - start);
        start = Math.Min(stop + 1, end);
        Number++;
        return true;
    }

    private void Fill()
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }
        if (end == LongestLine) throw new MxdInputException($"{path}, line {Number + 1} is longer than {LongestLine} bytes: break it into several documents.");
        if (end == buffer.Length) Array.Resize(ref buffer, Math.Min(2 * buffer.Length, LongestLine));
        int count = stream.Read(buffer, end, buffer.Length - end);
        end += count;
        isAtEnd = count == 0;
    }
}
