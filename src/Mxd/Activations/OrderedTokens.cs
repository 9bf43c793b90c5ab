using Mxd.Corpora;
using Mxd.Runtime;
using Mxd.Tokenizers;

namespace Mxd.Activations;

/// <summary>Tokenises documents on several threads and gives the tokens back in the documents' order.</summary>
internal static class OrderedTokens
{
    /// <summary>Characters in a batch: some milliseconds of work, so that handing it to a thread costs nothing beside it.</summary>
    private const int BatchCharacters = 1 << 17;

    /// <summary>
    /// Batches of documents, tokenised. Up to two batches a thread are held, so that none waits for the slowest. Documents are read on the
    /// calling thread.
    /// </summary>
    public static IEnumerable<int[][]> Encode(IEnumerable<Document> documents, ITokenizer tokenizer, int threads, CancellationToken cancellation)
    {
        if (threads < 1) throw new MxdInputException($"The number of threads is {threads}; it must be at least 1.");
        TaskScheduler scheduler = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, threads).ConcurrentScheduler;
        var underWay = new Queue<Task<int[][]>>();
        foreach (Document[] batch in Batches(documents, cancellation))
        {
            underWay.Enqueue(Task.Factory.StartNew(
                () => Array.ConvertAll(batch, document => tokenizer.Encode(document.Text)), cancellation, TaskCreationOptions.DenyChildAttach, scheduler));
            while (underWay.Count >= 2 * threads)
                yield return underWay.Dequeue().GetAwaiter().GetResult();
        }
        while (underWay.TryDequeue(out Task<int[][]>? batch))
            yield return batch.GetAwaiter().GetResult();
    }

    private static IEnumerable<Document[]> Batches(IEnumerable<Document> documents, CancellationToken cancellation)
    {
        var batch = new List<Document>();
        long characters = 0;
        foreach (Document document in documents)
        {
            cancellation.ThrowIfCancellationRequested();
            batch.Add(document);
            // Empty documents cost something, too.
            characters += document.Text.Length + 1;
            if (characters < BatchCharacters) continue;
            yield return [.. batch];
            batch.Clear();
            characters = 0;
        }
        if (batch.Count > 0) yield return [.. batch];
    }
}
