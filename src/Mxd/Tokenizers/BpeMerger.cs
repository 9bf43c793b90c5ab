namespace Mxd.Tokenizers;

/// <summary>
/// The merge loop: of all neighbouring pairs that have a merge, the one of lowest rank (the leftmost of equals) becomes one token, until
/// none is left. A heap over a linked list of tokens: O(n log n) for a piece of n bytes, so that a megabyte without a space is no trap.
/// Holds the memory it works in; one thread at a time.
/// </summary>
internal sealed class BpeMerger(BpeMerges merges)
{
    private const int None = -1;
    private readonly PriorityQueue<int, long> queue = new();
    private int[] tokens = new int[64];
    private int[] previous = new int[64];
    private int[] next = new int[64];
    private BpeMerge[] pending = new BpeMerge[64];

    /// <summary>Merges <paramref name="ids"/> as far as they go; the result is valid until the next call.</summary>
    public ReadOnlySpan<int> Merge(ReadOnlySpan<int> ids)
    {
        Load(ids);
        while (queue.TryDequeue(out int position, out long priority))
        {
            // An entry is out of date where its pair has since changed.
            if (pending[position].Rank != (int)(priority >> 32)) continue;
            Join(position);
        }
        int count = 0;
        for (int position = ids.Length == 0 ? None : 0; position != None; position = next[position])
            tokens[count++] = tokens[position];
        return tokens.AsSpan(0, count);
    }

    private void Load(ReadOnlySpan<int> ids)
    {
        if (ids.Length > tokens.Length) Grow(ids.Length);
        ids.CopyTo(tokens);
        for (int position = 0; position < ids.Length; position++)
        {
            previous[position] = position - 1;
            next[position] = position + 1 < ids.Length ? position + 1 : None;
        }
        for (int position = 0; position < ids.Length; position++)
            Enqueue(position);
    }

    private void Join(int position)
    {
        int removed = next[position];
        tokens[position] = pending[position].Result;
        next[position] = next[removed];
        if (next[removed] != None) previous[next[removed]] = position;
        pending[removed] = new BpeMerge(None, None);
        Enqueue(position);
        if (previous[position] != None) Enqueue(previous[position]);
    }

    private void Enqueue(int position)
    {
        int right = next[position];
        if (right == None || !merges.TryGet(tokens[position], tokens[right], out BpeMerge merge))
        {
            pending[position] = new BpeMerge(None, None);
            return;
        }
        pending[position] = merge;
        queue.Enqueue(position, ((long)merge.Rank << 32) | (uint)position);
    }

    private void Grow(int length)
    {
        int capacity = Math.Max(length, 2 * tokens.Length);
        tokens = new int[capacity];
        previous = new int[capacity];
        next = new int[capacity];
        pending = new BpeMerge[capacity];
    }
}
