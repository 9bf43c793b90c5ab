namespace Mxd.LanguageModels.Generation;

/// <summary>What is generated.</summary>
public sealed record GenerationOptions
{
    /// <summary>Tokens a sample has at most.</summary>
    public int MaximumTokens { get; init; } = 64;

    /// <summary>Continuations of the one prompt, drawn side by side.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>Texts before which a sample ends.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Tokens after which a sample ends; they are no part of its text.</summary>
    public IReadOnlyList<int> EndTokens { get; init; } = [];

    public SamplingOptions Sampling { get; init; } = new();
}
