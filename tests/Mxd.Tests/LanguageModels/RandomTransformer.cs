using Mxd.LanguageModels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.LanguageModels;

/// <summary>Configurations and weights of tiny models of every family, by seed.</summary>
internal static class RandomTransformer
{
    public static readonly string[] Families = ["gpt2", "gpt_neox", "llama"];

    /// <summary>A configuration the family can have, its variants included.</summary>
    public static TransformerConfig Config(string family, int seed)
    {
        var random = new Random(seed);
        int keyHeads = random.Next(1, 4), heads = family == "llama" ? keyHeads * random.Next(1, 4) : keyHeads, headWidth = 4 * random.Next(1, 4);
        var config = new TransformerConfig(
            Layers: random.Next(1, 4),
            Width: heads * headWidth,
            heads,
            family == "llama" ? keyHeads : heads,
            headWidth,
            MlpWidth: random.Next(5, 30),
            Vocabulary: random.Next(20, 50),
            ContextLength: random.Next(16, 32),
            NormEpsilon: random.Next(2) == 0 ? 1e-5f : 1e-3f,
            Activation: family == "llama" ? "silu" : new[] { "gelu", "gelu-tanh", "relu" }[random.Next(3)]);
        return family switch
        {
            "gpt2" => config with { IsTied = random.Next(4) > 0 },
            "gpt_neox" => config with
            {
                Rotary = new RotaryConfig(2 * random.Next(1, headWidth / 2 + 1), random.Next(50, 10_000)),
                IsParallel = random.Next(2) == 0,
                IsTied = random.Next(4) == 0,
                HasAttentionBias = random.Next(4) > 0,
            },
            _ => config with
            {
                // The width of the heads together need not be that of the residual stream.
                Width = 4 * random.Next(2, 8),
                Rotary = new RotaryConfig(headWidth, random.Next(50, 10_000), Scaling(random)),
                IsTied = random.Next(2) == 0,
                HasLayerNorm = false,
                IsGated = true,
                HasAttentionBias = random.Next(2) == 0,
                HasMlpBias = random.Next(2) == 0,
            },
        };
    }

    /// <summary>Weights that keep activations at about unit size.</summary>
    public static TransformerWeights Weights(TransformerConfig c, int seed)
    {
        using DisposeScope scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed);
        long queries = (long)c.Heads * c.HeadWidth;
        Tensor embedding = Kept(Matrix(c.Vocabulary, c.Width) * 3);
        return new TransformerWeights(
            embedding,
            c.Rotary is null ? Kept(Matrix(c.ContextLength, c.Width)) : null,
            [.. Enumerable.Range(0, c.Layers).Select(_ => new BlockWeights(
                Norm(),
                Linear(c.QueryKeyValueWidth, c.Width, c.HasAttentionBias),
                Linear(c.Width, queries, c.HasAttentionBias),
                Norm(),
                Linear(c.IsGated ? 2L * c.MlpWidth : c.MlpWidth, c.Width, c.HasMlpBias),
                Linear(c.Width, c.MlpWidth, c.HasMlpBias)))],
            Norm(),
            c.IsTied ? embedding : Kept(Matrix(c.Vocabulary, c.Width)),
            null);

        Tensor Matrix(long rows, long columns) => randn(rows, columns, generator: generator) * (1.5 / Math.Sqrt(columns));

        LinearWeights Linear(long rows, long columns, bool hasBias) => new(Kept(Matrix(rows, columns)), hasBias ? Kept(randn(rows, generator: generator) * 0.3) : null);

        NormWeights Norm() => new(Kept(1 + 0.3 * randn(c.Width, generator: generator)), c.HasLayerNorm ? Kept(0.3 * randn(c.Width, generator: generator)) : null);

        Tensor Kept(Tensor value) => value.DetachFromDisposeScope();
    }

    private static RotaryScaling? Scaling(Random random) => random.Next(3) switch
    {
        0 => new RotaryScaling.Linear(2),
        1 => new RotaryScaling.Llama3(8, 1, 4, 16),
        _ => null,
    };
}
