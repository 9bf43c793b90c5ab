using Mxd.Corpora;
using Mxd.Runtime;
using Parquet;
using Parquet.Schema;

namespace Mxd.Tests.Corpora;

/// <summary>Damaged and unusual parquet files.</summary>
public sealed class ParquetTextReaderTests : IDisposable
{
    private readonly CorpusFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ManyNullsInFewBytes_AreReadAsRows()
    {
        string path = Write([.. Enumerable.Repeat((string?)null, 3_000_000), "x"]);
        Assert.InRange(new FileInfo(path).Length, 1, 1000);
        var bad = new BadRows();
        Assert.Equal("x", Assert.Single(TextFiles.Read([path], bad: bad)).Text);
        Assert.Equal(3_000_000, bad.Count);
    }

    /// <summary>A single thread that runs what is posted to it, as that of a window does: a task that wants it back while it waits never ends.</summary>
    [Fact]
    public void UnderASynchronizationContext_ReadingEnds()
    {
        string path = Write(["x"]);
        int count = 0;
        var thread = new Thread(() =>
        {
            SynchronizationContext.SetSynchronizationContext(new NeverRuns());
            count = TextFiles.Read([path]).Count();
        })
        { IsBackground = true };
        thread.Start();
        Assert.True(thread.Join(TimeSpan.FromSeconds(30)));
        Assert.Equal(1, count);
    }

    /// <summary>Each byte in turn is another: the file is read, or refused, but nothing else happens.</summary>
    [Fact]
    public void AnyDamage_IsAProblemOfTheFile()
    {
        string path = Write([.. Enumerable.Range(0, 40).Select(i => i % 7 == 0 ? null : $"text {i}")]);
        byte[] whole = File.ReadAllBytes(path);
        int refused = 0;
        for (int at = 0; at < whole.Length; at++)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0x55;
            File.WriteAllBytes(path, damaged);
            if (Record.Exception(() => TextFiles.Read([path], bad: new BadRows()).Count()) is not { } error) continue;
            Assert.IsType<MxdInputException>(error);
            refused++;
        }
        Assert.InRange(refused, whole.Length / 10, whole.Length);
    }

    /// <summary>Without the byte that ends the footer, the library reads for ever.</summary>
    [Fact]
    public void AFooterWithoutItsEnd_IsRefused()
    {
        string path = Write(["x"]);
        byte[] damaged = File.ReadAllBytes(path);
        damaged[^9] = 0x37;
        File.WriteAllBytes(path, damaged);
        Assert.Contains("no whole footer at its end", folder.Refused("a.parquet"), StringComparison.Ordinal);
    }

    [Fact]
    public void DecodingThatDoesNotEnd_IsGivenUp_AndCanBeStopped()
    {
        var never = new TaskCompletionSource<int>();
        Assert.Equal(
            "decoding it does not end",
            Assert.Throws<InvalidDataException>(() => ParquetTextReader.Decode(() => never.Task, TimeSpan.FromMilliseconds(50), CancellationToken.None)).Message);
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        Assert.ThrowsAny<OperationCanceledException>(() => ParquetTextReader.Decode(() => never.Task, TimeSpan.FromMinutes(1), stop.Token));
    }

    private string Write(string?[] rows)
    {
        Go().GetAwaiter().GetResult();
        return folder.File("a.parquet");

        async Task Go()
        {
            var schema = new ParquetSchema(new DataField("text", typeof(string), true));
            await using FileStream file = File.Create(folder.File("a.parquet"));
            await using ParquetWriter writer = await ParquetWriter.CreateAsync(schema, file);
            using ParquetRowGroupWriter group = writer.CreateRowGroup();
            await group.WriteAsync(schema.GetDataFields()[0], rows!);
        }
    }

    private sealed class NeverRuns : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) { }
    }
}
