using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.LanguageModels;

/// <summary>The sizes and constants of a Llama-family model.</summary>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyValueHeads">Key and value heads, each shared by Heads / KeyValueHeads query heads.</param>
/// <param name="HeadWidth">Values a head.</param>
/// <param name="NormEpsilon">Added to the mean square inside RMSNorm.</param>
/// <param name="RopeBase">Base of the rotary frequencies.</param>
public sealed record LlamaConfig(
    int Layers,
    int Width,
    int Heads,
    int KeyValueHeads,
    int HeadWidth,
    int MlpWidth,
    int Vocabulary,
    int ContextLength,
    float NormEpsilon,
    float RopeBase)
{
    /// <summary>Reads the configuration in a GGUF header.</summary>
    /// <exception cref="MxdInputException">Another architecture, a missing key, or sizes that do not fit together.</exception>
    public static LlamaConfig FromGguf(GgufFile file)
    {
        string architecture = file.Metadata.GetString("general.architecture");
        if (architecture != "llama")
            throw new MxdInputException($"{file.Location} holds a '{architecture}' model; the architectures read from GGUF are: llama.");
        if (file.Metadata.Contains("llama.rope.scaling.type") && file.Metadata.GetString("llama.rope.scaling.type") is var scaling and not "none")
            throw new MxdInputException($"{file.Location} scales its rotary frequencies by '{scaling}'; only unscaled ones are supported.");
        if (file.Metadata.TryGetFloat("llama.rope.scale_linear", out float linear) && linear != 1)
            throw new MxdInputException($"{file.Location} scales its rotary positions by {linear}; only unscaled ones are supported.");
        if (file.Metadata.TryGetInt64("llama.expert_count", out long experts) && experts > 0)
            throw new MxdInputException($"{file.Location} is a mixture of {experts} expert MLPs a layer; only models with one MLP a layer are supported.");
        int width = Int("embedding_length");
        int heads = Int("attention.head_count");
        int headWidth = file.Metadata.Contains("llama.attention.key_length") ? Int("attention.key_length") : width / Math.Max(1, heads);
        var config = new LlamaConfig(
            Layers: Int("block_count"),
            Width: width,
            Heads: heads,
            KeyValueHeads: file.Metadata.Contains("llama.attention.head_count_kv") ? Int("attention.head_count_kv") : heads,
            HeadWidth: headWidth,
            MlpWidth: Int("feed_forward_length"),
            Vocabulary: (int)(file.Describe("token_embd.weight").Shape is [long rows, _] ? rows : 0),
            ContextLength: Int("context_length"),
            NormEpsilon: file.Metadata.GetFloat("llama.attention.layer_norm_rms_epsilon"),
            RopeBase: file.Metadata.Contains("llama.rope.freq_base") ? file.Metadata.GetFloat("llama.rope.freq_base") : 10000f);
        config.Check(file.Location, file.Metadata.Contains("llama.rope.dimension_count") ? Int("rope.dimension_count") : headWidth);
        return config;

        int Int(string key)
        {
            long value = file.Metadata.GetInt64("llama." + key);
            return value is > 0 and <= 1 << 24
                ? (int)value
                : throw new MxdInputException($"{file.Location} gives llama.{key} = {value}; a size from 1 to {1 << 24} is expected: the file is damaged.");
        }
    }

    private void Check(string path, int rotated)
    {
        if (Heads % KeyValueHeads != 0)
            throw new MxdInputException($"{path} has {Heads} query heads and {KeyValueHeads} key heads; the first must be a multiple of the second.");
        if (rotated != HeadWidth || HeadWidth % 2 != 0)
            throw new MxdInputException($"{path} rotates {rotated} of {HeadWidth} values a head; all of an even number is what Llama models do.");
    }
}
