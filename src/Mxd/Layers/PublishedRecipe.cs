namespace Mxd.Layers;

/// <summary>How the published layers were trained: the same for every language model (arXiv 2505.21364).</summary>
/// <param name="LearningRate">Of AdamW, constant after the warm-up.</param>
/// <param name="WarmupSteps">Steps of linear warm-up.</param>
/// <param name="Batch">Tokens a step.</param>
/// <param name="Context">Tokens a context, the first token included.</param>
/// <param name="Tokens">Tokens in all.</param>
/// <param name="Seed">Of everything random.</param>
/// <param name="K">Active units a token, where none is chosen; the published frontiers sweep it.</param>
public sealed record PublishedRecipe(double LearningRate, int WarmupSteps, int Batch, int Context, long Tokens, long Seed, int K)
{
    public static PublishedRecipe Default { get; } =
        new(LearningRate: 1e-4, WarmupSteps: 5000, Batch: 4096, Context: 128, Tokens: 480_000_000, Seed: 42, K: 32);

    /// <summary>The data set of the hub that the published layers were trained on.</summary>
    public const string Text = "Skylion007/openwebtext";
}
