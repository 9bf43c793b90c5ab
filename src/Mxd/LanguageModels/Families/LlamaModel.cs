using static TorchSharp.torch;

namespace Mxd.LanguageModels.Families;

/// <summary>
/// Llama: RMSNorm before grouped-query attention with rotary positions, and before a SwiGLU MLP.
/// <code>
/// h  = x + W_o attention(rope(W_q n₁), rope(W_k n₁), W_v n₁)      n₁ = rms(x) * s₁
/// x' = h + W_down (silu(W_gate n₂) * (W_up n₂))                   n₂ = rms(h) * s₂
/// </code>
/// </summary>
public sealed class LlamaModel(ModelIdentity identity, TransformerConfig config, TransformerWeights weights) : Transformer(identity, config, weights)
{
    protected override Tensor Normalise(Tensor x) => Norms.RootMeanSquare(x, Config.NormEpsilon);
}
