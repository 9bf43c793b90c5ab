using static TorchSharp.torch;

namespace Mxd.LanguageModels.Families;

/// <summary>
/// GPT-2: learned positions, LayerNorm before attention and MLP, an MLP of two matrices.
/// <code>
/// x₀ = wte[token] + wpe[position]
/// h  = x + attention(ln₁(x))
/// x' = h + W_proj gelu(W_fc ln₂(h))
/// </code>
/// </summary>
public sealed class Gpt2Model(ModelIdentity identity, TransformerConfig config, TransformerWeights weights) : Transformer(identity, config, weights)
{
    protected override Tensor Normalise(Tensor x) => Norms.Layer(x, Config.NormEpsilon);
}
