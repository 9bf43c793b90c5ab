using Mxd.Runtime;

namespace Mxd.Activations;

/// <summary>
/// Cuts a stream of tokens into contexts as it arrives: the first token, then the next <c>context - 1</c> of the stream. What is left over
/// at the end is dropped.
/// </summary>
internal sealed class ContextPacker
{
    private const int ShortestContext = 2;
    private const int LongestContext = 1 << 22;

    private readonly int firstToken;
    private readonly int contextLength;
    private readonly long maximumContexts;
    private readonly int contextsPerBlock;
    private readonly List<int[]> blocks = [];
    private readonly int[] partial;
    private int filled = 1;
    private long count;
    private long received;

    /// <param name="firstToken">Id put before every piece.</param>
    /// <param name="contextLength">Tokens a context, the first included.</param>
    /// <param name="maximumContexts">Contexts after which tokens are passed over.</param>
    /// <param name="blockTokens">Tokens in a block of memory, rounded down to whole contexts: 16 MB of them unless a test chooses fewer.</param>
    /// <exception cref="MxdInputException">A size is out of range.</exception>
    public ContextPacker(int firstToken, int contextLength, long maximumContexts = long.MaxValue, int blockTokens = 1 << 22)
    {
        CheckSizes(contextLength, maximumContexts);
        this.firstToken = firstToken;
        this.contextLength = contextLength;
        this.maximumContexts = maximumContexts;
        contextsPerBlock = Math.Max(1, blockTokens / contextLength);
        partial = new int[contextLength];
    }

    /// <summary>Whether no more contexts are wanted.</summary>
    public bool IsFull => count == maximumContexts;

    public void Add(ReadOnlySpan<int> tokens)
    {
        received += tokens.Length;
        while (tokens.Length > 0 && !IsFull)
        {
            int taken = Math.Min(tokens.Length, contextLength - filled);
            tokens[..taken].CopyTo(partial.AsSpan(filled));
            filled += taken;
            tokens = tokens[taken..];
            if (filled == contextLength) Store();
        }
    }

    /// <exception cref="TextTooShortException">The stream was too short for one context.</exception>
    public PackedContexts Finish()
    {
        if (count == 0)
            throw new TextTooShortException($"The text has {received} tokens, separators included, but one context of {contextLength} takes {contextLength - 1}: give more text or a shorter context.");
        int inLast = (int)((count - 1) % contextsPerBlock) + 1;
        blocks[^1] = blocks[^1][..(inLast * contextLength)];
        return new PackedContexts(blocks, contextsPerBlock, count, contextLength);
    }

    private void Store()
    {
        int inBlock = (int)(count % contextsPerBlock);
        if (inBlock == 0) blocks.Add(new int[contextsPerBlock * contextLength]);
        partial[0] = firstToken;
        partial.CopyTo(blocks[^1], inBlock * contextLength);
        filled = 1;
        count++;
    }

    private static void CheckSizes(int contextLength, long maximumContexts)
    {
        if (contextLength is < ShortestContext or > LongestContext)
            throw new MxdInputException($"The context length is {contextLength}; it must be {ShortestContext} (the first token and one more) to {LongestContext}.");
        if (maximumContexts < 1)
            throw new MxdInputException($"The number of contexts is {maximumContexts}; it must be at least 1.");
    }
}
