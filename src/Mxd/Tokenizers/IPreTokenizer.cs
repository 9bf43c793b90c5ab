namespace Mxd.Tokenizers;

/// <summary>Cuts a text, from left to right, into the pieces within which tokens are merged.</summary>
public interface IPreTokenizer
{
    /// <summary>
    /// The length in characters, at least 1, of the first piece of <paramref name="text"/>, which is not empty and holds everything up to
    /// the next special token or the text's end. Half of a surrogate pair alone counts as U+FFFD.
    /// </summary>
    int FirstPiece(ReadOnlySpan<char> text);
}
