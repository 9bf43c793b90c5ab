using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Tokenizers;

/// <summary>The pre-tokenisers by the names GGUF files give them.</summary>
public static class PreTokenizers
{
    private static readonly Dictionary<string, IPreTokenizer> Known = new(StringComparer.Ordinal)
    {
        ["gpt-2"] = new Gpt2PreTokenizer(),
        ["smollm"] = new SmolLmPreTokenizer(),
    };

    /// <summary>The known names, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Known.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The pre-tokeniser of that name.</summary>
    /// <exception cref="MxdInputException">The name is not known; the message lists those that are.</exception>
    public static IPreTokenizer Get(string name) => Known.TryGetValue(name, out IPreTokenizer? found)
        ? found
        : throw new MxdInputException(
            $"The vocabulary's pre-tokeniser is {Shown.Name(name)}; known are {string.Join(", ", Names)}: use a model with one of these.");
}
