using Mxd.Corpora;
using Mxd.Runtime;
using Mxd.Tokenizers;

namespace Mxd.Activations;

/// <summary>
/// Turns documents into contexts of one length, the way every cross-entropy here is defined: documents in order, each tokenised with nothing
/// added and followed by a separator, the stream cut into pieces of <c>context - 1</c> tokens, the last partial piece dropped, and a first
/// token put before each piece.
/// </summary>
public static class Packing
{
    /// <summary>Packs documents that are tokens already.</summary>
    /// <exception cref="MxdInputException">The context length is below 2, or there are too few tokens for one context.</exception>
    public static PackedContexts Pack(IEnumerable<int[]> documents, int separator, int firstToken, int contextLength)
    {
        var packer = new ContextPacker(firstToken, contextLength);
        foreach (int[] tokens in documents)
        {
            packer.Add(tokens);
            packer.Add([separator]);
        }
        return packer.Finish();
    }

    /// <summary>Packs the documents of text files (<see cref="TextFiles"/>), holding the contexts and a few documents at a time.</summary>
    /// <param name="paths">At least one file.</param>
    /// <param name="tokenizer">Gives the tokens, the separator and the first token.</param>
    /// <param name="options">How to pack.</param>
    /// <param name="progress">Told, now and then, the number of documents packed so far.</param>
    /// <param name="cancellation">Ends it between two documents.</param>
    /// <exception cref="MxdInputException">A file cannot be read, the options are impossible, or the text is too short for one context.</exception>
    public static PackedContexts Pack(
        IReadOnlyList<string> paths, ITokenizer tokenizer, PackingOptions options, IProgress<long>? progress = null, CancellationToken cancellation = default) =>
        Pack(TextFiles.Read(paths, options.TextField, options.BadRows, options.Downloads, cancellation: cancellation), tokenizer, options, progress, cancellation);

    /// <summary>Packs documents from anywhere; they are taken one by one, on the calling thread.</summary>
    /// <inheritdoc cref="Pack(IReadOnlyList{string}, ITokenizer, PackingOptions, IProgress{long}?, CancellationToken)"/>
    public static PackedContexts Pack(
        IEnumerable<Document> documents, ITokenizer tokenizer, PackingOptions options, IProgress<long>? progress = null, CancellationToken cancellation = default)
    {
        var packer = new ContextPacker(tokenizer.FirstToken, options.ContextLength, options.MaximumContexts);
        int separator = tokenizer.Separator;
        IEnumerable<Document> kept = options.LeaveOut is { } leaveOut ? documents.Where(document => !leaveOut(document)) : documents;
        long packed = 0;
        foreach (int[][] batch in OrderedTokens.Encode(kept, tokenizer, options.Threads, cancellation))
        {
            foreach (int[] tokens in batch)
            {
                packer.Add(tokens);
                packer.Add([separator]);
            }
            progress?.Report(packed += batch.Length);
            if (packer.IsFull) break;
        }
        return packer.Finish();
    }
}
