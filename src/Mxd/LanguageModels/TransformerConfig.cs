using Mxd.Runtime;

namespace Mxd.LanguageModels;

/// <summary>The sizes and constants of a decoder-only transformer, in whichever file they were.</summary>
/// <param name="Layers">Blocks.</param>
/// <param name="Width">Values a token in the residual stream.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyValueHeads">Key and value heads, each shared by Heads / KeyValueHeads query heads.</param>
/// <param name="HeadWidth">Values a head.</param>
/// <param name="MlpWidth">Hidden width of the MLP.</param>
/// <param name="Vocabulary">Rows of the embedding.</param>
/// <param name="ContextLength">Positions the model was trained for.</param>
/// <param name="NormEpsilon">Added to the variance (the mean square, in RMSNorm) inside the norms.</param>
/// <param name="Activation">The MLP's: a name <see cref="MlpActivation"/> knows.</param>
public sealed record TransformerConfig(
    int Layers,
    int Width,
    int Heads,
    int KeyValueHeads,
    int HeadWidth,
    int MlpWidth,
    int Vocabulary,
    int ContextLength,
    float NormEpsilon,
    string Activation)
{
    /// <summary>Rotary positions; null where positions are learned vectors.</summary>
    public RotaryConfig? Rotary { get; init; }

    /// <summary>Do attention and MLP both read the block's input?</summary>
    public bool IsParallel { get; init; }

    /// <summary>Is the embedding the unembedding too?</summary>
    public bool IsTied { get; init; }

    /// <summary>Do the norms subtract the mean, and shift? Otherwise they are RMSNorm.</summary>
    public bool HasLayerNorm { get; init; } = true;

    /// <summary>Has the MLP a gate?</summary>
    public bool IsGated { get; init; }

    public bool HasAttentionBias { get; init; } = true;

    public bool HasMlpBias { get; init; } = true;

    /// <summary>Values in all weights.</summary>
    public long ParameterCount
    {
        get
        {
            long width = Width, heads = (long)Heads * HeadWidth, norm = HasLayerNorm ? 2 * width : width;
            long attention = QueryKeyValueWidth * width + heads * width + (HasAttentionBias ? QueryKeyValueWidth + width : 0);
            long hidden = IsGated ? 2L * MlpWidth : MlpWidth, mlp = (hidden + MlpWidth) * width + (HasMlpBias ? hidden + width : 0);
            long positions = Rotary is null ? ContextLength : 0;
            return (Vocabulary * (IsTied ? 1L : 2L) + positions) * width + Layers * (attention + mlp + 2 * norm) + norm;
        }
    }

    /// <summary>Query, key and value rows of the attention's first product.</summary>
    public long QueryKeyValueWidth => (Heads + 2L * KeyValueHeads) * HeadWidth;

    /// <summary>The configuration itself, if its sizes fit together.</summary>
    /// <exception cref="MxdInputException">They do not; the message begins with <paramref name="location"/>.</exception>
    internal TransformerConfig Checked(string location)
    {
        if (Heads % KeyValueHeads != 0)
            throw new MxdInputException($"{location} has {Heads} query heads and {KeyValueHeads} key heads; the first must be a multiple of the second: use another model.");
        if (Rotary is { } rotary && (rotary.Width > HeadWidth || rotary.Width % 2 != 0 || rotary.Width < 2))
            throw new MxdInputException($"{location} rotates {rotary.Width} of {HeadWidth} values a head; an even number of them, and at least 2, is expected: use another model.");
        return this;
    }
}
