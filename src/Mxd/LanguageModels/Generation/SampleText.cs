using System.Text;
using Mxd.Tokenizers;

namespace Mxd.LanguageModels.Generation;

/// <summary>
/// The text of one sample as it grows. What may be the beginning of a text to stop at is kept back until it is clear that it is not.
/// </summary>
internal sealed class SampleText(ITokenizer tokenizer, IReadOnlyList<string> stops, Action<string> write)
{
    private readonly StreamingDecoder decoder = new(tokenizer);
    private readonly StringBuilder written = new();

    /// <summary>Kept back: no text to stop at begins before it.</summary>
    private string pending = "";

    public string Text => written + pending;

    /// <summary>Adds a token's text; true where a text to stop at has come, before which the sample's own then ends.</summary>
    public bool Add(int token) => Append(decoder.Add(token), isLast: false);

    /// <summary>Writes what was kept back; true as for <see cref="Add"/>.</summary>
    public bool Finish() => Append(decoder.Finish(), isLast: true);

    private bool Append(string added, bool isLast)
    {
        pending += added;
        int[] found = [.. stops.Select(stop => pending.IndexOf(stop, StringComparison.Ordinal)).Where(at => at >= 0)];
        if (found.Length > 0) pending = pending[..found.Min()];
        int clear = isLast || found.Length > 0 ? pending.Length : pending.Length - KeptBack();
        if (clear > 0)
        {
            write(pending[..clear]);
            written.Append(pending, 0, clear);
            pending = pending[clear..];
        }
        return found.Length > 0;
    }

    /// <summary>Length of the longest end of the text that begins a text to stop at.</summary>
    private int KeptBack() => stops.Select(stop => Enumerable.Range(1, stop.Length - 1).LastOrDefault(n => pending.EndsWith(stop[..n], StringComparison.Ordinal))).DefaultIfEmpty().Max();
}
