using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.LanguageModels;

/// <summary>
/// What the families have in common: an embedding, blocks, a final norm and an unembedding. A block adds attention and MLP to the residual
/// stream x, one after the other or side by side; a family says how it normalises what they read.
/// <code>
/// h = x + attention(x),   x' = h + mlp(h)   or, where attention and MLP are parallel,   x' = h + mlp(x)
/// </code>
/// Norms and rotary frequencies are computed in float32 whatever the weights' dtype.
/// </summary>
public abstract class Transformer : LanguageModel
{
    private readonly RotaryTable? rotary;
    private readonly CausalAttention attention;

    /// <summary>Takes ownership of <paramref name="weights"/>.</summary>
    protected Transformer(ModelIdentity identity, TransformerConfig config, TransformerWeights weights) : base(identity)
    {
        Config = config;
        Weights = weights;
        rotary = config.Rotary is { } r ? new RotaryTable(r, weights.RotaryDivisors, Device, Dtype) : null;
        attention = new CausalAttention(config, rotary);
    }

    public override Device Device => Weights.Embedding.device;

    public override ScalarType Dtype => Weights.Embedding.dtype;

    protected TransformerConfig Config { get; }

    protected TransformerWeights Weights { get; }

    public override Tensor Embed(Tensor tokens, long start = 0)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        (long batch, long positions) = (tokens.shape[0], tokens.shape[1]);
        Tensor embedded = Weights.Embedding.index_select(0, tokens.to(Device).reshape(-1)).view(batch, positions, -1);
        if (Weights.Positions is { } learned) embedded.add_(learned.narrow(0, start, positions), One);
        return embedded.MoveToOuterDisposeScope();
    }

    public override Tensor RunLayers(Tensor residual, int from, int end, KeyValueCache? cache = null)
    {
        using IDisposable noGrad = no_grad();
        Tensor x = residual;
        for (int layer = from; layer < end; layer++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor entering = Hooks.Apply(layer, HookSite.ResidualBefore, x);
            Tensor next = Hooks.Apply(layer, HookSite.ResidualAfter, Block(layer, Weights.Blocks[layer], entering, cache)).MoveToOuterDisposeScope();
            if (!ReferenceEquals(x, residual)) x.Dispose();
            x = next;
        }
        return x;
    }

    /// <summary>The block of the last point ends there: its MLP, and the attention where the MLP does not read it, are run only if need be.</summary>
    public override void RunTo(Tensor residual, HookPoint last)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        if (last.Site == HookSite.ResidualAfter)
        {
            RunLayers(residual, 0, last.Layer + 1);
            return;
        }
        (int layer, BlockWeights weights) = (last.Layer, Weights.Blocks[last.Layer]);
        Tensor x = Hooks.Apply(layer, HookSite.ResidualBefore, RunLayers(residual, 0, layer));
        if (last.Site == HookSite.ResidualBefore) return;
        Tensor read = MlpInput(layer, weights, Config.IsParallel ? x : x.add(Attention(layer, weights, x, null), One));
        if (last.Site == HookSite.MlpOut) MlpOutput(layer, weights, read);
    }

    public override Tensor FinalNorm(Tensor residual)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return Scaled(Normalise(residual), Weights.FinalNorm).MoveToOuterDisposeScope();
    }

    public override Tensor Logits(Tensor hidden)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return NarrowProducts.Linear(hidden, Weights.Unembedding).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    public override MlpWeights Mlp(int layer)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, Weights.Blocks.Count);
        BlockWeights block = Weights.Blocks[layer];
        (Tensor scale, Tensor? shift, LinearWeights down) = (block.MlpNorm.Scale.alias(), block.MlpNorm.Shift?.alias(), Rows(block.MlpOut, 0, Config.Width));
        return Config.IsGated
            ? new GatedMlpWeights(Config.Activation, scale, shift, Rows(block.MlpIn, 0, Config.MlpWidth), Rows(block.MlpIn, Config.MlpWidth, Config.MlpWidth), down)
            : new PlainMlpWeights(Config.Activation, scale, shift, Rows(block.MlpIn, 0, Config.MlpWidth), down);

        static LinearWeights Rows(LinearWeights linear, long start, long count) =>
            new(linear.Weight.narrow(0, start, count), linear.Bias?.narrow(0, start, count));
    }

    public override void Dispose()
    {
        Weights.Dispose();
        rotary?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The norm's n, before its scale and shift.</summary>
    protected abstract Tensor Normalise(Tensor x);

    /// <summary>The residual stream after one block, from the one before it, both [B,T,width]; in the caller's dispose scope.</summary>
    private Tensor Block(int layer, BlockWeights weights, Tensor x, KeyValueCache? cache)
    {
        Tensor h = x.add(Attention(layer, weights, x, cache), One);
        return h.add(MlpOutput(layer, weights, MlpInput(layer, weights, Config.IsParallel ? x : h)), One);
    }

    /// <summary>What the attention adds to the residual stream x.</summary>
    private Tensor Attention(int layer, BlockWeights weights, Tensor x, KeyValueCache? cache)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor queryKeyValue = Linear(Scaled(Normalise(x), weights.AttentionNorm), weights.QueryKeyValue);
        return Linear(attention.Mix(queryKeyValue, layer, cache), weights.AttentionOut).MoveToOuterDisposeScope();
    }

    /// <summary>What the MLP receives of the residual stream x: the norm, then its scale and shift.</summary>
    private Tensor MlpInput(int layer, BlockWeights weights, Tensor x)
    {
        Tensor normalised = Hooks.Apply(layer, HookSite.MlpNormalized, Normalise(x));
        return Hooks.Apply(layer, HookSite.MlpScaled, Scaled(normalised, weights.MlpNorm));
    }

    /// <summary>What the MLP adds to the residual stream.</summary>
    private Tensor MlpOutput(int layer, BlockWeights weights, Tensor input) => Hooks.Apply(layer, HookSite.MlpOut, MlpOf(weights, input));

    private Tensor MlpOf(BlockWeights weights, Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor first = Linear(x, weights.MlpIn);
        if (!Config.IsGated) return Linear(MlpActivation.Apply(Config.Activation, first), weights.MlpOut).MoveToOuterDisposeScope();
        Tensor[] branches = first.split([Config.MlpWidth, Config.MlpWidth], -1);
        return Linear(MlpActivation.Apply(Config.Activation, branches[0]).mul_(branches[1]), weights.MlpOut).MoveToOuterDisposeScope();
    }

    private static Tensor Linear(Tensor x, LinearWeights weights) => NarrowProducts.Linear(x, weights.Weight, weights.Bias);

    private static Tensor Scaled(Tensor normalised, NormWeights weights) =>
        weights.Shift is { } shift ? shift.addcmul(normalised, weights.Scale, One) : normalised * weights.Scale;
}
