using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Tokenizers;

/// <summary>The pre-tokenisers by the names GGUF files give them.</summary>
public static class PreTokenizers
{
    public const string Gpt2 = "gpt-2", Llama = "llama-bpe", Qwen = "qwen2", SmolLm = "smollm";

    private static readonly Dictionary<string, IPreTokenizer> Known = new(StringComparer.Ordinal)
    {
        [Gpt2] = new Gpt2PreTokenizer(),
        [Llama] = new LlamaPreTokenizer(numberLength: 3),
        [Qwen] = new LlamaPreTokenizer(numberLength: 1),
        [SmolLm] = new SmolLmPreTokenizer(),
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
