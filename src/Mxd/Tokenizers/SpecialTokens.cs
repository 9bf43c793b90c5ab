using System.Buffers;

namespace Mxd.Tokenizers;

/// <summary>Finds the special tokens written out in a text: the leftmost first, and of those that start there the longest.</summary>
internal sealed class SpecialTokens
{
    private readonly (string Text, int Id)[] longestFirst;
    private readonly SearchValues<string> search;

    public SpecialTokens(IEnumerable<(string Text, int Id)> tokens)
    {
        longestFirst = [.. tokens.Where(token => token.Text.Length > 0).OrderByDescending(token => token.Text.Length)];
        search = SearchValues.Create([.. longestFirst.Select(token => token.Text)], StringComparison.Ordinal);
    }

    /// <summary>The text's parts in order: special tokens with their ids, and what lies between, with -1.</summary>
    public IEnumerable<(Range Part, int Id)> Split(string text)
    {
        int position = 0;
        while (position < text.Length)
        {
            int start = Find(text.AsSpan(position), out int length, out int id);
            int end = start < 0 ? text.Length : position + start;
            if (end > position) yield return (position..end, -1);
            if (start >= 0) yield return (end..(end + length), id);
            position = end + length;
        }
    }

    /// <summary>Where the first special token of <paramref name="text"/> starts, its length and its id; or -1 where there is none.</summary>
    public int Find(ReadOnlySpan<char> text, out int length, out int id)
    {
        (length, id) = (0, -1);
        int start = longestFirst.Length == 0 ? -1 : text.IndexOfAny(search);
        if (start < 0) return -1;
        foreach ((string token, int tokenId) in longestFirst)
        {
            if (!text[start..].StartsWith(token, StringComparison.Ordinal)) continue;
            (length, id) = (token.Length, tokenId);
            break;
        }
        return start;
    }
}
