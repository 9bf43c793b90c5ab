using Mxd.LanguageModels;
using Mxd.LanguageModels.Families;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.LanguageModels;

/// <summary>Llama models of a few thousand random weights.</summary>
internal static class TinyLlama
{
    public static TransformerConfig Config { get; } = new(
        Layers: 3, Width: 12, Heads: 4, KeyValueHeads: 2, HeadWidth: 6, MlpWidth: 20, Vocabulary: 37, ContextLength: 64, NormEpsilon: 1e-5f, Activation: "silu")
    {
        Rotary = new RotaryConfig(6, 100f),
        HasLayerNorm = false,
        IsGated = true,
        HasAttentionBias = false,
        HasMlpBias = false,
    };

    public static LlamaModel Create(int seed = 1, ScalarType dtype = ScalarType.Float32, TransformerConfig? config = null)
    {
        config ??= Config;
        return new LlamaModel(Identity(config), config, Weights(config, seed, dtype));
    }

    public static ModelIdentity Identity(TransformerConfig c) =>
        new("tiny", "llama", c.Layers, c.Width, c.MlpWidth, c.Vocabulary, c.ContextLength, "tokenizer", "weights");

    /// <summary>Weights that keep activations at about unit size, the norms' scales included.</summary>
    public static TransformerWeights Weights(TransformerConfig c, int seed, ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed);
        long queries = (long)c.Heads * c.HeadWidth, keys = (long)c.KeyValueHeads * c.HeadWidth;
        Tensor embedding = Matrix(c.Vocabulary, c.Width) * 3;
        return new TransformerWeights(
            Kept(embedding),
            null,
            [.. Enumerable.Range(0, c.Layers).Select(_ => new BlockWeights(
                Norm(), Linear(queries + 2 * keys, c.Width), Linear(c.Width, queries), Norm(), Linear(2L * c.MlpWidth, c.Width), Linear(c.Width, c.MlpWidth)))],
            Norm(),
            Kept(Matrix(c.Vocabulary, c.Width)),
            null);

        Tensor Matrix(long rows, long columns) => randn(rows, columns, generator: generator) * (1.5 / Math.Sqrt(columns));

        LinearWeights Linear(long rows, long columns) => new(Kept(Matrix(rows, columns)), null);

        NormWeights Norm() => new(Kept(Scale()), null);

        Tensor Scale() => 1 + 0.3 * randn(c.Width, generator: generator);

        Tensor Kept(Tensor value) => value.to(dtype).DetachFromDisposeScope();
    }

    /// <summary>Random token ids [B,T].</summary>
    public static Tensor Tokens(int batch, int positions, int seed, int vocabulary = 37)
    {
        var random = new Random(seed);
        return tensor([.. Enumerable.Range(0, batch * positions).Select(_ => (long)random.Next(vocabulary))], batch, positions);
    }

    /// <summary>Logits [B,T,vocabulary].</summary>
    public static Tensor AllLogits(LanguageModel model, Tensor tokens)
    {
        Tensor hidden = model.Forward(tokens);
        return model.Logits(hidden.reshape(-1, hidden.shape[2])).reshape(tokens.shape[0], tokens.shape[1], -1);
    }
}
