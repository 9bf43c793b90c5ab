using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Mxd.LanguageModels;

/// <summary>
/// Llama: pre-norm blocks of grouped-query attention with rotary positions and a SwiGLU MLP.
/// <code>
/// h  = x + W_o attention(rope(W_q n1), rope(W_k n1), W_v n1)      n1 = rms(x) * s1
/// x' = h + W_down (silu(W_gate n2) * (W_up n2))                   n2 = rms(h) * s2
/// </code>
/// Norms and rotary frequencies are computed in float32 whatever the weights' dtype.
/// </summary>
public sealed class LlamaModel : LanguageModel
{
    private readonly LlamaConfig config;
    private readonly LlamaWeights weights;
    private readonly RotaryTable rotary;

    /// <summary>Takes ownership of <paramref name="weights"/>.</summary>
    public LlamaModel(ModelIdentity identity, LlamaConfig config, LlamaWeights weights) : base(identity)
    {
        this.config = config;
        this.weights = weights;
        rotary = new RotaryTable(config.HeadWidth, config.RopeBase, weights.RotaryFactors, Device, Dtype);
    }

    public override Device Device => weights.Embedding.device;

    public override ScalarType Dtype => weights.Embedding.dtype;

    public override Tensor Embed(Tensor tokens)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return weights.Embedding.index_select(0, tokens.to(Device).reshape(-1)).view(tokens.shape[0], tokens.shape[1], -1).MoveToOuterDisposeScope();
    }

    public override Tensor RunLayers(Tensor residual, int from, int end)
    {
        using IDisposable noGrad = no_grad();
        Tensor x = residual;
        for (int layer = from; layer < end; layer++)
        {
            using DisposeScope block = NewDisposeScope();
            Tensor next = Block(layer, x).MoveToOuterDisposeScope();
            if (!ReferenceEquals(x, residual)) x.Dispose();
            x = next;
        }
        return x;
    }

    public override Tensor FinalNorm(Tensor residual)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return (Normalise(residual) * weights.FinalScale).MoveToOuterDisposeScope();
    }

    public override Tensor Logits(Tensor hidden)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return F.linear(hidden, weights.Unembedding).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    public override MlpWeights Mlp(int layer)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, weights.Blocks.Count);
        LlamaBlockWeights block = weights.Blocks[layer];
        return new GatedMlpWeights(
            "silu",
            NormScale: block.MlpScale.alias(),
            NormShift: null,
            Gate: new LinearWeights(block.GateUp.narrow(0, 0, config.MlpWidth), null),
            Up: new LinearWeights(block.GateUp.narrow(0, config.MlpWidth, config.MlpWidth), null),
            Down: new LinearWeights(block.MlpDown.alias(), null));
    }

    public override void Dispose()
    {
        weights.Dispose();
        rotary.Dispose();
    }

    private Tensor Block(int layer, Tensor x)
    {
        LlamaBlockWeights block = weights.Blocks[layer];
        x = Hooks.Apply(layer, HookSite.ResidualBefore, x);
        x = x + Attention(block, Normalise(x) * block.AttentionScale);
        Tensor normalized = Hooks.Apply(layer, HookSite.MlpNormalized, Normalise(x));
        Tensor scaled = Hooks.Apply(layer, HookSite.MlpScaled, normalized * block.MlpScale);
        Tensor mlp = Hooks.Apply(layer, HookSite.MlpOut, Mlp(block, scaled));
        return Hooks.Apply(layer, HookSite.ResidualAfter, x + mlp);
    }

    /// <summary>x / √(mean(x²) + ε), in float32, returned in the model's dtype.</summary>
    private Tensor Normalise(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor wide = x.to(ScalarType.Float32);
        Tensor scale = (wide * wide).mean([-1], keepdim: true).add_(config.NormEpsilon).rsqrt_();
        return (wide * scale).to(x.dtype).MoveToOuterDisposeScope();
    }

    private Tensor Attention(LlamaBlockWeights block, Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        (long batch, long positions) = (x.shape[0], x.shape[1]);
        long keys = (long)config.KeyValueHeads * config.HeadWidth;
        Tensor[] projected = F.linear(x, block.QueryKeyValue).split([(long)config.Heads * config.HeadWidth, keys, keys], -1);
        Tensor query = rotary.Apply(Heads(projected[0], config.Heads));
        Tensor key = Shared(rotary.Apply(Heads(projected[1], config.KeyValueHeads)));
        Tensor value = Shared(Heads(projected[2], config.KeyValueHeads));
        Tensor mixed = F.scaled_dot_product_attention(query, key, value, is_casual: true);
        return F.linear(mixed.transpose(1, 2).reshape(batch, positions, -1), block.AttentionOut).MoveToOuterDisposeScope();

        Tensor Heads(Tensor rows, int heads) => rows.view(batch, positions, heads, config.HeadWidth).transpose(1, 2);

        // [B,key heads,T,d] to [B,heads,T,d]: each key head serves the query heads that follow one another.
        Tensor Shared(Tensor heads) =>
            config.Heads == config.KeyValueHeads ? heads : heads.repeat_interleave(config.Heads / config.KeyValueHeads, 1);
    }

    private Tensor Mlp(LlamaBlockWeights block, Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] branches = F.linear(x, block.GateUp).split([config.MlpWidth, config.MlpWidth], -1);
        return F.linear(F.silu(branches[0]).mul_(branches[1]), block.MlpDown).MoveToOuterDisposeScope();
    }
}
