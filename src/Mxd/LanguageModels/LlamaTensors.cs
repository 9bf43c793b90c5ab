using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.LanguageModels;

/// <summary>The tensors a Llama model has in a GGUF file, checked by the header alone, before any work begins.</summary>
internal static class LlamaTensors
{
    public const string Embedding = "token_embd.weight", Unembedding = "output.weight", RotaryFactors = "rope_freqs.weight";

    /// <exception cref="MxdInputException">A tensor is missing, has another shape, is stored in a way that is not read, or is not one of a Llama model.</exception>
    public static void Check(GgufFile file, LlamaConfig config)
    {
        Dictionary<string, long[]> expected = Shapes(config).ToDictionary(t => t.Name, t => t.Shape, StringComparer.Ordinal);
        foreach (string optional in new[] { Unembedding, RotaryFactors })
            if (!file.Contains(optional)) expected.Remove(optional);
        foreach ((string name, long[] shape) in expected)
        {
            IReadOnlyList<long> found = file.Describe(name).Shape;
            if (!found.SequenceEqual(shape))
                throw new MxdInputException(
                    $"{file.Location} has {name} [{string.Join(", ", found)}], but its configuration needs [{string.Join(", ", shape)}]: the file is damaged.");
            file.RequireReadable(name);
        }
        // A tensor nobody asked for means a variant of the architecture that this code does not compute.
        if (file.Names.FirstOrDefault(name => !expected.ContainsKey(name)) is { } unknown)
            throw new MxdInputException(
                $"{file.Location} has a tensor {unknown} that a Llama model without biases does not use: this variant is not supported.");
    }

    private static IEnumerable<(string Name, long[] Shape)> Shapes(LlamaConfig config)
    {
        (long width, long queries, long keys) = (config.Width, (long)config.Heads * config.HeadWidth, (long)config.KeyValueHeads * config.HeadWidth);
        yield return (Embedding, [config.Vocabulary, width]);
        for (int layer = 0; layer < config.Layers; layer++)
        {
            string prefix = $"blk.{layer}.";
            yield return (prefix + "attn_norm.weight", [width]);
            yield return (prefix + "attn_q.weight", [queries, width]);
            yield return (prefix + "attn_k.weight", [keys, width]);
            yield return (prefix + "attn_v.weight", [keys, width]);
            yield return (prefix + "attn_output.weight", [width, queries]);
            yield return (prefix + "ffn_norm.weight", [width]);
            yield return (prefix + "ffn_gate.weight", [config.MlpWidth, width]);
            yield return (prefix + "ffn_up.weight", [config.MlpWidth, width]);
            yield return (prefix + "ffn_down.weight", [width, config.MlpWidth]);
        }
        yield return ("output_norm.weight", [width]);
        yield return (Unembedding, [config.Vocabulary, width]);
        yield return (RotaryFactors, [config.HeadWidth / 2]);
    }
}
