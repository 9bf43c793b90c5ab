using System.Runtime.InteropServices;
using System.Text;
using Mxd.Tokenizers;

namespace Mxd.DemoModel;

/// <summary>
/// Learns byte-level BPE merges from text: again and again, the pair of neighbouring tokens that is met most often becomes a token. Pairs that
/// are met equally often are merged in the order of their ids, so the same text gives the same vocabulary.
/// </summary>
internal sealed class BpeTrainer
{
    private const int Bytes = 256;

    private readonly List<Word> words;
    private readonly List<byte[]> tokens = [.. Enumerable.Range(0, Bytes).Select(b => new[] { (byte)b })];
    private readonly List<(int Left, int Right)> merges = [];
    private readonly Dictionary<(int Left, int Right), long> counts = [];
    private readonly Dictionary<(int Left, int Right), HashSet<int>> places = [];
    private readonly PriorityQueue<((int Left, int Right) Pair, long Count), (long, int, int)> queue = new();

    private BpeTrainer(IReadOnlyDictionary<string, long> pieces)
    {
        words = [.. pieces.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => new Word([.. Encoding.UTF8.GetBytes(p.Key).Select(b => (int)b)], p.Value))];
        for (int i = 0; i < words.Count; i++)
            foreach ((int, int) pair in words[i].Pairs()) Add(pair, words[i].Count, i);
        foreach ((int Left, int Right) pair in counts.Keys) Enqueue(pair);
    }

    /// <summary>Every byte, then a token a merge; and the merges, as pairs of ids.</summary>
    /// <param name="pieces">How often each piece, within which tokens may be merged, stands in the text.</param>
    /// <param name="size">Tokens to have.</param>
    public static (IReadOnlyList<byte[]> Tokens, IReadOnlyList<(int Left, int Right)> Merges) Train(IReadOnlyDictionary<string, long> pieces, int size)
    {
        var trainer = new BpeTrainer(pieces);
        while (trainer.tokens.Count < size && trainer.MergeNext())
        {
        }
        return (trainer.tokens, trainer.merges);
    }

    /// <summary>How often each piece stands in the texts.</summary>
    public static Dictionary<string, long> CountPieces(IEnumerable<string> texts, IPreTokenizer cutter)
    {
        var pieces = new Dictionary<string, long>(StringComparer.Ordinal);
        Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> bySpan = pieces.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (string text in texts)
            for (ReadOnlySpan<char> rest = text; rest.Length > 0;)
            {
                int length = cutter.FirstPiece(rest);
                CollectionsMarshal.GetValueRefOrAddDefault(bySpan, rest[..length], out _)++;
                rest = rest[length..];
            }
        return pieces;
    }

    private bool MergeNext()
    {
        while (queue.TryDequeue(out ((int Left, int Right) Pair, long Count) next, out _))
        {
            if (counts.GetValueOrDefault(next.Pair) != next.Count || next.Count == 0) continue;
            Merge(next.Pair);
            return true;
        }
        return false;
    }

    private void Merge((int Left, int Right) pair)
    {
        int token = tokens.Count;
        tokens.Add([.. tokens[pair.Left], .. tokens[pair.Right]]);
        merges.Add(pair);
        HashSet<(int, int)> changed = [];
        foreach (int i in places[pair].ToArray())
        {
            Word word = words[i];
            foreach ((int, int) before in word.Pairs())
            {
                counts[before] -= word.Count;
                places[before].Remove(i);
                changed.Add(before);
            }
            word.Merge(pair, token);
            foreach ((int, int) after in word.Pairs())
            {
                Add(after, word.Count, i);
                changed.Add(after);
            }
        }
        foreach ((int Left, int Right) other in changed) Enqueue(other);
    }

    private void Add((int Left, int Right) pair, long count, int word)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(counts, pair, out _) += count;
        if (!places.TryGetValue(pair, out HashSet<int>? at)) places[pair] = at = [];
        at.Add(word);
    }

    private void Enqueue((int Left, int Right) pair)
    {
        long count = counts[pair];
        if (count > 0) queue.Enqueue((pair, count), (-count, pair.Left, pair.Right));
    }

    private sealed class Word(List<int> tokens, long count)
    {
        private List<int> tokens = tokens;

        public long Count => count;

        public IEnumerable<(int Left, int Right)> Pairs()
        {
            for (int i = 1; i < tokens.Count; i++) yield return (tokens[i - 1], tokens[i]);
        }

        public void Merge((int Left, int Right) pair, int merged)
        {
            List<int> result = new(tokens.Count);
            for (int i = 0; i < tokens.Count; i++)
                if (i + 1 < tokens.Count && tokens[i] == pair.Left && tokens[i + 1] == pair.Right)
                {
                    result.Add(merged);
                    i++;
                }
                else
                {
                    result.Add(tokens[i]);
                }
            tokens = result;
        }
    }
}
