namespace Mxd.Tokenizers;

/// <summary>A byte-level BPE vocabulary as plain data, from whichever file it was read.</summary>
/// <param name="Tokens">Every token in id order, bytes written in GPT-2's alphabet (<see cref="ByteAlphabet"/>); special tokens as they are.</param>
/// <param name="Merges">Pairs that become one token, <c>"left right"</c>, the first to be applied first.</param>
/// <param name="SpecialTokens">Ids of the tokens that are recognised in a text before anything else is done to it.</param>
/// <param name="PreTokenizer">How a text is cut into pieces before merging: a name <see cref="PreTokenizers"/> knows.</param>
/// <param name="BeginningOfSequence">Id of BOS, where there is one.</param>
/// <param name="EndOfSequence">Id of EOS, where there is one.</param>
public sealed record BpeVocabulary(
    IReadOnlyList<string> Tokens,
    IReadOnlyList<string> Merges,
    IReadOnlyList<int> SpecialTokens,
    string PreTokenizer,
    int? BeginningOfSequence = null,
    int? EndOfSequence = null)
{
    /// <summary>Is a piece that is a token as a whole that token, whatever its merges would make of it?</summary>
    public bool IgnoresMerges { get; init; }

    /// <summary>Is the text between special tokens brought to Unicode's Normalization Form C?</summary>
    public bool IsNormalised { get; init; }

    /// <summary>Ids of entries of <see cref="Tokens"/> that only keep the place of a token that is not there.</summary>
    public IReadOnlyList<int> MissingIds { get; init; } = [];

    /// <summary>Ids of the tokens that are recognised, themselves normalised, in the normalised text, after <see cref="SpecialTokens"/> and before it is cut into pieces.</summary>
    public IReadOnlyList<int> TextTokens { get; init; } = [];
}
