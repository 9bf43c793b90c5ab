namespace Mxd.Tokenizers;

/// <summary>Text to token ids and back, as the language model was trained with. Instances may be used from several threads at once.</summary>
public interface ITokenizer
{
    /// <summary>The number of token ids; every id is below it.</summary>
    int VocabularySize { get; }

    /// <summary>Ids below <see cref="VocabularySize"/> that no token has, and that a model must not be let say.</summary>
    IReadOnlyList<int> MissingIds => [];

    /// <summary>The id that follows every document in a packed text: <c>&lt;|endoftext|&gt;</c> where the vocabulary has it, otherwise EOS.</summary>
    /// <exception cref="Mxd.Runtime.MxdInputException">The vocabulary has neither.</exception>
    int Separator { get; }

    /// <summary>The id put before every context: <c>&lt;|endoftext|&gt;</c> where the vocabulary has it, otherwise BOS.</summary>
    /// <exception cref="Mxd.Runtime.MxdInputException">The vocabulary has neither.</exception>
    int FirstToken { get; }

    /// <summary>Ids after which a text is over, none where the vocabulary has no such.</summary>
    IReadOnlyList<int> EndTokens { get; }

    /// <summary>
    /// SHA-256 in lower-case hexadecimal over all that decides which ids a text becomes: the vocabulary in id order, the merges, the special
    /// tokens and the pre-tokeniser. Stored with every trained layer, and compared when it is put into a model.
    /// </summary>
    string Hash { get; }

    /// <summary>The ids of <paramref name="text"/>. Nothing is added; special tokens written out in the text become their ids.</summary>
    int[] Encode(string text);

    /// <summary>The text of <paramref name="ids"/>; bytes that are not UTF-8 (part of a character) become U+FFFD.</summary>
    /// <exception cref="Mxd.Runtime.MxdInputException">An id lies outside the vocabulary.</exception>
    string Decode(IReadOnlyList<int> ids);

    /// <summary>The bytes of <paramref name="ids"/>, exactly; a token may be part of a character.</summary>
    /// <exception cref="Mxd.Runtime.MxdInputException">An id lies outside the vocabulary.</exception>
    byte[] DecodeBytes(IReadOnlyList<int> ids);

    /// <summary>The id of a token as the vocabulary writes it (<c>Ġthe</c>, <c>&lt;|endoftext|&gt;</c>), or null where there is none.</summary>
    int? Find(string token);
}
