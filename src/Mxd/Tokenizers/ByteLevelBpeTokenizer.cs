using System.Buffers;
using System.Text;
using Mxd.Runtime;

namespace Mxd.Tokenizers;

/// <summary>
/// Byte-level BPE: special tokens are split out of the text, what lies between is cut into pieces by the vocabulary's pre-tokeniser, and the
/// UTF-8 bytes of each piece are merged into tokens (<see cref="BpeMerger"/>). Half of a surrogate pair alone is read as U+FFFD. A byte that
/// the vocabulary has no token for is left out, as Hugging Face's tokenizers do (SmolLM2 lacks eight that UTF-8 uses, all of control
/// characters or unassigned planes); every other text comes back from <see cref="Decode"/> as it was.
/// </summary>
/// <remarks>
/// The merges are our own and not those of Microsoft.ML.Tokenizers 2.0.1, which gives the same ids for whole characters (a test compares
/// them) but is quadratic in the length of a piece (2 MB without a space: 375 s against 0.5 s), writes lone surrogates as bytes that are not
/// UTF-8, and encodes English more slowly: on one core, over 9.2 MB of news and the Brown corpus with SmolLM2's vocabulary, 9 to 13 MB/s in
/// a process's first pass and 14 to 19 afterwards, where this does 11 to 19 and 41 to 79.
/// </remarks>
public sealed class ByteLevelBpeTokenizer : ITokenizer
{
    private const string EndOfText = "<|endoftext|>";
    private readonly BpeVocabulary vocabulary;
    private readonly Dictionary<string, int> ids;
    private readonly int[] byteIds;
    private readonly TokenBytes tokenBytes;
    private readonly SpecialTokens specialTokens;
    private readonly SpecialTokens textTokens;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> wholePieces;
    private readonly IPreTokenizer preTokenizer;
    private readonly BpeMerges merges;
    private readonly PieceCache cache = new();

    /// <exception cref="MxdInputException">The vocabulary contradicts itself, or its pre-tokeniser is not known.</exception>
    public ByteLevelBpeTokenizer(BpeVocabulary vocabulary)
    {
        this.vocabulary = vocabulary;
        ids = BpeVocabularyCheck.Index(vocabulary);
        byteIds = [.. Enumerable.Range(0, 256).Select(value => ids.GetValueOrDefault(ByteAlphabet.ToCharacter((byte)value).ToString(), -1))];
        tokenBytes = new TokenBytes(vocabulary.Tokens, vocabulary.SpecialTokens.Concat(vocabulary.TextTokens).ToHashSet());
        specialTokens = new SpecialTokens(vocabulary.SpecialTokens.Select(id => (vocabulary.Tokens[id], id)));
        textTokens = new SpecialTokens(vocabulary.TextTokens.Select(id => (Normalised(vocabulary.Tokens[id]), id)));
        wholePieces = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        preTokenizer = PreTokenizers.Get(vocabulary.PreTokenizer);
        merges = new BpeMerges(vocabulary.Merges, ids);
        Hash = TokenizerHash.Of(vocabulary);
    }

    public int VocabularySize => vocabulary.Tokens.Count;

    public IReadOnlyList<int> MissingIds => vocabulary.MissingIds;

    public int Separator => Find(EndOfText) ?? vocabulary.EndOfSequence ?? throw NoToken("an end of sequence");

    public int FirstToken => Find(EndOfText) ?? vocabulary.BeginningOfSequence ?? throw NoToken("a beginning of sequence");

    public IReadOnlyList<int> EndTokens => [.. new[] { Find(EndOfText), vocabulary.EndOfSequence }.OfType<int>().Distinct()];

    public string Hash { get; }

    public int? Find(string token) => ids.TryGetValue(token, out int id) ? id : null;

    public int[] Encode(string text)
    {
        var encoded = new List<int>(text.Length / 3 + 1);
        var merger = new BpeMerger(merges);
        foreach ((Range part, int id) in specialTokens.Split(text))
        {
            if (id >= 0) encoded.Add(id);
            else EncodeOrdinary(text[part], merger, encoded);
        }
        return [.. encoded];
    }

    public string Decode(IReadOnlyList<int> ids) => Encoding.UTF8.GetString(DecodeBytes(ids));

    public byte[] DecodeBytes(IReadOnlyList<int> ids)
    {
        var bytes = new ArrayBufferWriter<byte>();
        for (int index = 0; index < ids.Count; index++)
        {
            int id = ids[index];
            if (id < 0 || id >= VocabularySize)
                throw new MxdInputException($"Token id {id} at position {index} is outside the vocabulary of {VocabularySize}: use the tokenizer that made it.");
            bytes.Write(tokenBytes[id]);
        }
        return bytes.WrittenSpan.ToArray();
    }

    private void EncodeOrdinary(string text, BpeMerger merger, List<int> encoded)
    {
        text = Normalised(text);
        foreach ((Range part, int id) in textTokens.Split(text))
        {
            if (id >= 0) encoded.Add(id);
            else EncodePieces(text.AsSpan(part), merger, encoded);
        }
    }

    private string Normalised(string text) => vocabulary.IsNormalised ? NormalFormC.Of(text) : text;

    private void EncodePieces(ReadOnlySpan<char> text, BpeMerger merger, List<int> encoded)
    {
        while (text.Length > 0)
        {
            int length = preTokenizer.FirstPiece(text);
            ReadOnlySpan<char> piece = text[..length];
            if (!cache.TryGet(piece, out ReadOnlySpan<int> found))
            {
                found = EncodePiece(piece, merger);
                cache.Add(piece, found);
            }
            encoded.AddRange(found);
            text = text[length..];
        }
    }

    private ReadOnlySpan<int> EncodePiece(ReadOnlySpan<char> piece, BpeMerger merger)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(piece.Length));
        int[] symbols = ArrayPool<int>.Shared.Rent(bytes.Length);
        int count = 0;
        ReadOnlySpan<byte> encoded = bytes.AsSpan(0, Encoding.UTF8.GetBytes(piece, bytes));
        foreach (byte value in encoded)
            if (byteIds[value] >= 0) symbols[count++] = byteIds[value];
        ReadOnlySpan<int> merged = Whole(encoded) is { } whole ? new[] { whole } : merger.Merge(symbols.AsSpan(0, count));
        ArrayPool<byte>.Shared.Return(bytes);
        ArrayPool<int>.Shared.Return(symbols);
        return merged;
    }

    /// <summary>The token that a piece is as a whole, where the vocabulary lets it be one.</summary>
    private int? Whole(ReadOnlySpan<byte> piece)
    {
        if (!vocabulary.IgnoresMerges || piece.Length > tokenBytes.Longest) return null;
        Span<char> written = stackalloc char[piece.Length];
        for (int i = 0; i < piece.Length; i++) written[i] = ByteAlphabet.ToCharacter(piece[i]);
        return wholePieces.TryGetValue(written, out int id) ? id : null;
    }

    private static MxdInputException NoToken(string kind) =>
        new($"The vocabulary has neither {EndOfText} nor {kind} token, so texts cannot be packed with it: use a model that has one.");
}
