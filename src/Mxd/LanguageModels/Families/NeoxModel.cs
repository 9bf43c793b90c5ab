using static TorchSharp.torch;

namespace Mxd.LanguageModels.Families;

/// <summary>
/// GPT-NeoX (Pythia): rotary positions on part of each head, LayerNorm, an MLP of two matrices, which in most models reads the block's
/// input beside the attention and not its result.
/// <code>
/// parallel:    x' = x + attention(ln₁(x)) + mlp(ln₂(x))
/// sequential:  h = x + attention(ln₁(x)),   x' = h + mlp(ln₂(h))
/// </code>
/// </summary>
public sealed class NeoxModel(ModelIdentity identity, TransformerConfig config, TransformerWeights weights) : Transformer(identity, config, weights)
{
    protected override Tensor Normalise(Tensor x) => Norms.Layer(x, Config.NormEpsilon);
}
