using Mxd.Tokenizers;

namespace Mxd.Tests.Tokenizers;

/// <summary>Small vocabularies: two special tokens, all 256 bytes, and what the given merges make.</summary>
public static class TestVocabulary
{
    public const int EndOfText = 0, Longer = 1, FirstByte = 2;

    public static BpeVocabulary Create(params string[] merges)
    {
        string[] bytes = [.. Enumerable.Range(0, 256).Select(value => ByteAlphabet.ToCharacter((byte)value).ToString())];
        string[] made = [.. merges.Select(merge => merge.Replace(" ", "", StringComparison.Ordinal)).Distinct()];
        return new BpeVocabulary(["<|endoftext|>", "<|endoftext|>s", .. bytes, .. made], merges, [EndOfText, Longer], "smollm", EndOfText, EndOfText);
    }

    /// <summary>Random merges, each of tokens that exist by then, over the letters a to d.</summary>
    public static string[] RandomMerges(Random random, int count)
    {
        List<string> tokens = ["a", "b", "c", "d"];
        var merges = new List<string>();
        while (merges.Count < count)
        {
            string left = tokens[random.Next(tokens.Count)], right = tokens[random.Next(tokens.Count)];
            if (tokens.Contains(left + right)) continue;
            tokens.Add(left + right);
            merges.Add(left + " " + right);
        }
        return [.. merges];
    }
}
