using Mxd.Activations;
using Mxd.LanguageModels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Activations;

/// <summary>
/// A language model of plain arithmetic whose activations say where they come from: the MLP's input at each position is
/// [context, position, place in the batch, size of the batch], its output 1000 more. Token ids are context · T + position.
/// </summary>
internal sealed class CountingModel(int contextLength) : LanguageModel(
    new ModelIdentity("counting", "counting", Layers: 3, Width: 4, MlpWidth: 4, Vocabulary: 1 << 20, contextLength, "tokenizer", "weights"))
{
    public const float OutputMinusInput = 1000;

    public override Device Device => CPU;

    public override ScalarType Dtype => ScalarType.Float32;

    /// <summary>Blocks run so far.</summary>
    public int BlocksRun { get; private set; }

    /// <summary>Contexts whose token ids the model can tell apart.</summary>
    public PackedContexts Contexts(int count) =>
        new([[.. Enumerable.Range(0, count * contextLength)]], count, count, contextLength);

    public override Tensor Embed(Tensor tokens, long start = 0)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor context = tokens.div(contextLength, RoundingMode.floor), position = tokens - context * contextLength;
        Tensor place = arange(tokens.shape[0]).unsqueeze(1).expand_as(tokens);
        return stack([context, position, place, full_like(tokens, tokens.shape[0])], -1).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    public override Tensor RunLayers(Tensor residual, int from, int end, KeyValueCache? cache = null)
    {
        Tensor x = residual;
        for (int layer = from; layer < end; layer++)
        {
            using DisposeScope scope = NewDisposeScope();
            BlocksRun++;
            Hooks.Apply(layer, HookSite.ResidualBefore, x);
            Hooks.Apply(layer, HookSite.MlpNormalized, x * 1);
            Hooks.Apply(layer, HookSite.MlpScaled, x * 1);
            Hooks.Apply(layer, HookSite.MlpOut, x + OutputMinusInput);
            x = Hooks.Apply(layer, HookSite.ResidualAfter, x * 1).MoveToOuterDisposeScope();
        }
        return x;
    }

    public override Tensor FinalNorm(Tensor residual) => residual * 1;

    public override Tensor Logits(Tensor hidden) => hidden * 1;

    public override MlpWeights Mlp(int layer) => throw new NotSupportedException("Its MLPs have no weights.");

    public override void Dispose()
    {
    }
}
