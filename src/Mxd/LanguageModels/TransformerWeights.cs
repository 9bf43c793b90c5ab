using static TorchSharp.torch;

namespace Mxd.LanguageModels;

/// <summary>n * Scale + Shift of a normalised n.</summary>
/// <param name="Scale">[width].</param>
/// <param name="Shift">[width]; null for an RMS norm.</param>
public sealed record NormWeights(Tensor Scale, Tensor? Shift);

/// <summary>Weights of one block.</summary>
/// <param name="AttentionNorm">The norm before the attention.</param>
/// <param name="QueryKeyValue">[(heads + 2 key heads) · head width, width]: all query heads, then all key heads, then all value heads.</param>
/// <param name="AttentionOut">[width, heads · head width].</param>
/// <param name="MlpNorm">The norm before the MLP.</param>
/// <param name="MlpIn">[MLP width, width]; with a gate [2 · MLP width, width], the gate first.</param>
/// <param name="MlpOut">[width, MLP width].</param>
public sealed record BlockWeights(
    NormWeights AttentionNorm, LinearWeights QueryKeyValue, LinearWeights AttentionOut, NormWeights MlpNorm, LinearWeights MlpIn, LinearWeights MlpOut)
{
    internal IEnumerable<Tensor?> All =>
    [
        AttentionNorm.Scale, AttentionNorm.Shift, QueryKeyValue.Weight, QueryKeyValue.Bias, AttentionOut.Weight, AttentionOut.Bias,
        MlpNorm.Scale, MlpNorm.Shift, MlpIn.Weight, MlpIn.Bias, MlpOut.Weight, MlpOut.Bias,
    ];
}

/// <summary>All weights of a decoder-only transformer.</summary>
/// <param name="Embedding">[vocabulary,width].</param>
/// <param name="Positions">[positions,width]; null where positions are rotary.</param>
/// <param name="Blocks">In the order of the forward pass.</param>
/// <param name="FinalNorm">The norm before the unembedding.</param>
/// <param name="Unembedding">[vocabulary,width]; the embedding itself where they are tied.</param>
/// <param name="RotaryDivisors">What each rotary frequency is divided by, [rotary width / 2] in float32, where a file says so itself.</param>
public sealed record TransformerWeights(
    Tensor Embedding,
    Tensor? Positions,
    IReadOnlyList<BlockWeights> Blocks,
    NormWeights FinalNorm,
    Tensor Unembedding,
    Tensor? RotaryDivisors) : IDisposable
{
    public void Dispose()
    {
        foreach (Tensor? tensor in Blocks.SelectMany(block => block.All)) tensor?.Dispose();
        FinalNorm.Scale.Dispose();
        FinalNorm.Shift?.Dispose();
        Positions?.Dispose();
        if (!ReferenceEquals(Unembedding, Embedding)) Unembedding.Dispose();
        Embedding.Dispose();
        RotaryDivisors?.Dispose();
    }
}
