using Mxd.Activations;
using Mxd.Corpora;
using Mxd.Runtime;
using Mxd.Tests.Corpora;
using Mxd.Tests.Tokenizers;
using Mxd.Tokenizers;

namespace Mxd.Tests.Activations;

public sealed class TextPackingTests : IDisposable
{
    private readonly CorpusFolder folder = new();
    private readonly ByteLevelBpeTokenizer tokenizer = new(TestVocabulary.Create("t h", "th e", "Ġ the"));

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Pack_TokenisesFilesInOrder()
    {
        string lines = folder.Write("a.jsonl", "{\"body\": \"the\"}\n{\"body\": \"\"}\n");
        string plain = folder.Write("b.txt", "a the");
        PackedContexts packed = Pack([lines, plain], new PackingOptions { ContextLength = 4, TextField = "body" });
        int end = TestVocabulary.EndOfText;
        Assert.Equal(2, packed.Count);
        Assert.Equal([end, tokenizer.Find("the")!.Value, end, end], packed[0]);
        Assert.Equal([end, tokenizer.Find("a")!.Value, tokenizer.Find("Ġthe")!.Value, end], packed[1]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Pack_IsTheSame_WithAnyNumberOfThreads(int threads)
    {
        Document[] documents = RandomDocuments(3000);
        PackedContexts expected = Packing.Pack(documents.Select(document => tokenizer.Encode(document.Text)), TestVocabulary.EndOfText, TestVocabulary.EndOfText, 64);
        AssertSame(expected, Pack(documents, new PackingOptions { ContextLength = 64, Threads = threads }));
    }

    [Fact]
    public void Pack_LeavesDocumentsOut()
    {
        Document[] documents = RandomDocuments(500);
        var split = new HeldOutSplit(0.3);
        var options = new PackingOptions { ContextLength = 16 };
        PackedContexts training = Pack(documents, options with { LeaveOut = split.IsHeldOut });
        PackedContexts validation = Pack(documents, options with { LeaveOut = document => !split.IsHeldOut(document) });
        AssertSame(Pack(documents.Where(document => !split.IsHeldOut(document)), options), training);
        AssertSame(Pack(documents.Where(split.IsHeldOut), options), validation);
    }

    [Fact]
    public void Pack_StopsReading_AtTheMaximumOfContexts()
    {
        long read = 0;
        IEnumerable<Document> endless = Enumerable.Repeat(0, int.MaxValue).Select(_ => new Document("the theory", "a.txt", ++read));
        PackedContexts packed = Pack(endless, new PackingOptions { ContextLength = 8, MaximumContexts = 1000, Threads = 2 });
        Assert.Equal(1000, packed.Count);
        Assert.True(read < 200_000, $"{read} documents were read");
        AssertSame(Packing.Pack(Enumerable.Repeat(tokenizer.Encode("the theory"), 1000), 0, 0, 8), Pack(RepeatedTheory(1000), new PackingOptions { ContextLength = 8 }));
        Assert.Equal(3, Pack(RepeatedTheory(1000), new PackingOptions { ContextLength = 8, MaximumContexts = 3 }).Count);
    }

    [Fact]
    public void Pack_ReportsDocuments()
    {
        var reports = new Reports();
        Document[] documents = RandomDocuments(5000);
        Packing.Pack(documents, tokenizer, new PackingOptions(), reports, TestContext.Current.CancellationToken);
        Assert.True(reports.Values.Count > 1);
        Assert.Equal(reports.Values.Order(), reports.Values);
        Assert.Equal(documents.Length, reports.Values[^1]);
    }

    [Fact]
    public void Pack_StopsWhenCancelled()
    {
        using var source = new CancellationTokenSource();
        IEnumerable<Document> endless = RepeatedTheory(int.MaxValue).Select((document, index) =>
        {
            if (index == 100_000) source.Cancel();
            return document;
        });
        Assert.ThrowsAny<OperationCanceledException>(() => Packing.Pack(endless, tokenizer, new PackingOptions(), cancellation: source.Token));
    }

    [Fact]
    public void Pack_PassesOnWhatIsWrongWithAFile()
    {
        string path = folder.Write("a.jsonl", "{\"text\": \"a\"}\n{\"text\": 2}");
        Assert.Equal("a.jsonl, line 2 has a number under 'text'; it must be a string.", folder.Message(() => Pack([path], new PackingOptions())));
    }

    [Fact]
    public void Pack_RefusesImpossibleOptions_BeforeReading()
    {
        Refuses(new PackingOptions { ContextLength = 1 }, "The context length is 1; it must be 2 (the first token and one more) to 4194304.");
        Refuses(new PackingOptions { MaximumContexts = 0 }, "The number of contexts is 0; it must be at least 1.");
        Refuses(new PackingOptions { Threads = 0 }, "The number of threads is 0; it must be at least 1.");

        void Refuses(PackingOptions options, string message) =>
            Assert.Equal(message, Assert.Throws<MxdInputException>(() => Pack(["no such file.txt"], options)).Message);
    }

    [Fact]
    public void Pack_GivesTheKnownContexts_OfTheValidationText()
    {
        string path = TestFiles.SharedOrSkip("data", "text", "validation.jsonl");
        ITokenizer smolLm = SmolLmVocabulary.LoadOrSkip();
        PackedContexts packed = Packing.Pack([path], smolLm, new PackingOptions(), cancellation: TestContext.Current.CancellationToken);
        int[] stream = [.. TextFiles.Read([path]).SelectMany(document => smolLm.Encode(document.Text).Append(0))];
        Assert.Equal(stream.Length / 127, packed.Count);
        for (int index = 0; index < packed.Count; index++)
            Assert.Equal([0, .. stream.AsSpan(index * 127, 127)], packed[index]);
        Assert.Equal(1373, packed.Count);
    }

    private static Document[] RandomDocuments(int count)
    {
        var random = new Random(12);
        return [.. Enumerable.Range(0, count).Select(number => new Document(RandomText.Create(random, random.Next(0, 60)), "a.jsonl", number + 1))];
    }

    private static IEnumerable<Document> RepeatedTheory(int count) => Enumerable.Repeat(new Document("the theory", "a.txt", 1), count);

    private PackedContexts Pack(IEnumerable<Document> documents, PackingOptions options) =>
        Packing.Pack(documents, tokenizer, options, cancellation: TestContext.Current.CancellationToken);

    private PackedContexts Pack(string[] paths, PackingOptions options) =>
        Packing.Pack(paths, tokenizer, options, cancellation: TestContext.Current.CancellationToken);

    private static void AssertSame(PackedContexts expected, PackedContexts actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (long index = 0; index < expected.Count; index++)
            Assert.Equal(expected[index], actual[index]);
    }

    private sealed class Reports : IProgress<long>
    {
        public List<long> Values { get; } = [];

        public void Report(long value) => Values.Add(value);
    }
}
