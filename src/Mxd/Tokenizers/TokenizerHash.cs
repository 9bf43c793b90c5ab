using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Mxd.Tokenizers;

/// <summary>
/// What <see cref="ITokenizer.Hash"/> is: SHA-256 over the tokens in id order, the merges in order, the ids of the special tokens in
/// ascending order and the pre-tokeniser's name; then, each under its label and only where the vocabulary asks for it, "whole pieces", "NFC",
/// and "text tokens" with their ids in ascending order. Every list is preceded by its length, every text by its length in bytes.
/// </summary>
internal static class TokenizerHash
{
    public static string Of(BpeVocabulary vocabulary)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AddTexts(hash, vocabulary.Tokens);
        AddTexts(hash, vocabulary.Merges);
        AddIds(hash, vocabulary.SpecialTokens);
        AddTexts(hash, [vocabulary.PreTokenizer]);
        if (vocabulary.IgnoresMerges) AddTexts(hash, ["whole pieces"]);
        if (vocabulary.IsNormalised) AddTexts(hash, ["NFC"]);
        if (vocabulary.TextTokens.Count > 0)
        {
            AddTexts(hash, ["text tokens"]);
            AddIds(hash, vocabulary.TextTokens);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void AddIds(IncrementalHash hash, IEnumerable<int> ids)
    {
        int[] ascending = [.. ids.Distinct().Order()];
        AddNumber(hash, ascending.Length);
        foreach (int id in ascending) AddNumber(hash, id);
    }

    private static void AddTexts(IncrementalHash hash, IReadOnlyList<string> texts)
    {
        AddNumber(hash, texts.Count);
        foreach (string text in texts)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            AddNumber(hash, bytes.Length);
            hash.AppendData(bytes);
        }
    }

    private static void AddNumber(IncrementalHash hash, int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
