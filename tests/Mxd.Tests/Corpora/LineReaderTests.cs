using System.Text;
using Mxd.Corpora;

namespace Mxd.Tests.Corpora;

public class LineReaderTests
{
    [Fact]
    public void TryRead_GivesTheSameLines_WithBuffersAndReadsOfAnySize()
    {
        var random = new Random(8);
        for (int round = 0; round < 500; round++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(0, 60)).Select(_ => random.Next(4) == 0 ? '\n' : 'x'));
            using var stream = new SlowStream(Encoding.ASCII.GetBytes(text), random.Next(1, 10));
            List<string> expected = [.. text.Split('\n')];
            if (expected[^1].Length == 0) expected.RemoveAt(expected.Count - 1);
            Assert.Equal(expected, Lines(new LineReader(stream, "name", random.Next(1, 20))));
        }
    }

    [Fact]
    public void Number_CountsLinesFromOne()
    {
        using var stream = new MemoryStream("a\n\nb"u8.ToArray());
        var lines = new LineReader(stream, "name");
        Assert.Equal(0, lines.Number);
        for (int number = 1; lines.TryRead(out _); number++) Assert.Equal(number, lines.Number);
        Assert.Equal(3, lines.Number);
    }

    private static IEnumerable<string> Lines(LineReader reader)
    {
        while (reader.TryRead(out ReadOnlyMemory<byte> line)) yield return Encoding.ASCII.GetString(line.Span);
    }

    private sealed class SlowStream(byte[] bytes, int most) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, most));
    }
}
