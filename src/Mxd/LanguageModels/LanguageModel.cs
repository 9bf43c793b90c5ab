using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.LanguageModels;

/// <summary>
/// A decoder-only language model whose forward pass can be watched and edited at its <see cref="Hooks"/>. Tensors live on
/// <see cref="Device"/> in <see cref="Dtype"/>; T is the number of positions, B the number of contexts, width the residual stream's.
/// </summary>
public abstract class LanguageModel(ModelIdentity identity) : IDisposable
{
    public ModelIdentity Identity { get; } = identity;

    public Hooks Hooks { get; } = new();

    public abstract Device Device { get; }

    public abstract ScalarType Dtype { get; }

    /// <summary>Residual stream [B,T,width] entering layer 0, for token ids int64 [B,T] at the positions from <paramref name="start"/> on.</summary>
    public abstract Tensor Embed(Tensor tokens, long start = 0);

    /// <summary>
    /// Runs the blocks of layers from (inclusive) to end (exclusive) on a residual stream [B,T,width]. With a cache the T positions follow
    /// those it holds and attend to them too.
    /// </summary>
    public abstract Tensor RunLayers(Tensor residual, int from, int end, KeyValueCache? cache = null);

    /// <summary>
    /// Runs the blocks from the first on for what is attached to the hook points up to <paramref name="last"/>, and may leave out whatever
    /// comes after it.
    /// </summary>
    public virtual void RunTo(Tensor residual, HookPoint last)
    {
        using DisposeScope scope = NewDisposeScope();
        RunLayers(residual, 0, last.Layer + 1);
    }

    /// <summary>The final norm's output [B,T,width], ready for <see cref="Logits"/>.</summary>
    public abstract Tensor FinalNorm(Tensor residual);

    /// <summary>Logits [n,vocabulary] in float32 of rows [n,width] of <see cref="FinalNorm"/>'s output.</summary>
    public abstract Tensor Logits(Tensor hidden);

    /// <summary>The MLP of one layer: views of the model's own weights, in the caller's dispose scope.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    public abstract MlpWeights Mlp(int layer);

    /// <summary>The final norm's output [B,T,width] for token ids int64 [B,T].</summary>
    public Tensor Forward(Tensor tokens)
    {
        using DisposeScope scope = NewDisposeScope();
        return FinalNorm(RunLayers(Embed(tokens), 0, Identity.Layers)).MoveToOuterDisposeScope();
    }

    /// <summary>The final norm's output [B,T,width] for the T tokens int64 [B,T] that follow those in the cache, which then holds them too.</summary>
    public Tensor Forward(Tensor tokens, KeyValueCache cache)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor hidden = FinalNorm(RunLayers(Embed(tokens, cache.Length), 0, Identity.Layers, cache));
        cache.Advance(tokens.shape[1]);
        return hidden.MoveToOuterDisposeScope();
    }

    public abstract void Dispose();
}
