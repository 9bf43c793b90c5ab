using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Tokenizers;

/// <summary>What must hold between the parts of a vocabulary before a tokenizer can be made of it.</summary>
internal static class BpeVocabularyCheck
{
    /// <summary>The ids of the tokens.</summary>
    /// <exception cref="MxdInputException">No token, a token twice, or an id that is none.</exception>
    public static Dictionary<string, int> Index(BpeVocabulary vocabulary)
    {
        int size = vocabulary.Tokens.Count;
        if (size == 0) throw new MxdInputException("The vocabulary has no tokens; it needs at least one: use another model file.");
        foreach (int id in vocabulary.SpecialTokens.Concat(vocabulary.TextTokens))
            CheckId(id, size, "special token");
        if (vocabulary.BeginningOfSequence is { } beginning) CheckId(beginning, size, "beginning of sequence");
        if (vocabulary.EndOfSequence is { } end) CheckId(end, size, "end of sequence");
        return Index(vocabulary.Tokens);
    }

    private static Dictionary<string, int> Index(IReadOnlyList<string> tokens)
    {
        var ids = new Dictionary<string, int>(tokens.Count, StringComparer.Ordinal);
        for (int id = 0; id < tokens.Count; id++)
        {
            if (!ids.TryAdd(tokens[id], id))
                throw new MxdInputException($"Tokens {ids[tokens[id]]} and {id} of the vocabulary are both {Shown.Name(tokens[id])}; every token must be there once: download the file again.");
        }
        return ids;
    }

    private static void CheckId(int id, int size, string kind)
    {
        if (id < 0 || id >= size)
            throw new MxdInputException($"The vocabulary's {kind} is id {id}, but its ids are 0 to {size - 1}: download the file again.");
    }
}
