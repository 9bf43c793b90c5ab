using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Tokenizers;

/// <summary>What a pair of tokens becomes, and how early: pairs of lower rank are merged first.</summary>
internal readonly record struct BpeMerge(int Rank, int Result);

/// <summary>All merges of a vocabulary, by the pair's ids.</summary>
internal sealed class BpeMerges
{
    private readonly Dictionary<(int Left, int Right), BpeMerge> merges;

    /// <exception cref="MxdInputException">A merge is not two tokens with a space between, or makes a token that the vocabulary lacks.</exception>
    public BpeMerges(IReadOnlyList<string> lines, IReadOnlyDictionary<string, int> ids)
    {
        merges = new(lines.Count);
        for (int rank = 0; rank < lines.Count; rank++)
        {
            string line = lines[rank];
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space <= 0 || space == line.Length - 1 || line.IndexOf(' ', space + 1) >= 0)
                throw new MxdInputException($"Merge {rank} of the vocabulary is {Shown.Name(line)}; it must be two tokens with one space between: download the file again.");
            // A part that is no token never appears, so its merge never applies: vocabularies that were cut down have such.
            if (!ids.TryGetValue(line[..space], out int left) || !ids.TryGetValue(line[(space + 1)..], out int right)) continue;
            if (!ids.TryGetValue(line.Remove(space, 1), out int result))
                throw new MxdInputException($"Merge {rank} of the vocabulary makes {Shown.Name(line.Remove(space, 1))}, which is not among its {ids.Count} tokens: download the file again.");
            merges.TryAdd((left, right), new BpeMerge(rank, result));
        }
    }

    public bool TryGet(int left, int right, out BpeMerge merge) => merges.TryGetValue((left, right), out merge);
}
