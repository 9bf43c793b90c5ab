using Mxd.LanguageModels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Activations;

/// <summary>Runs a language model just far enough to read two hook points.</summary>
public sealed class Harvester(LanguageModel model, HookPoint input, HookPoint output)
{
    public HookPoint Input => input;

    public HookPoint Output => output;

    public ScalarType Dtype => model.Dtype;

    public long InputWidth => model.Identity.Width;

    public long OutputWidth => model.Identity.Width;

    /// <summary>Activations of every position of token ids int64 [B,T], as B·T rows in the model's dtype; the layers after are not run.</summary>
    public ActivationPairs Harvest(Tensor tokens)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor? inputs = null, outputs = null;
        using IDisposable keepInput = model.Hooks.Add(input, value => Keep(value, ref inputs));
        using IDisposable keepOutput = model.Hooks.Add(output, value => Keep(value, ref outputs));
        try
        {
            model.RunLayers(model.Embed(tokens), 0, Math.Max(input.Layer, output.Layer) + 1);
        }
        catch
        {
            inputs?.Dispose();
            outputs?.Dispose();
            throw;
        }
        return new ActivationPairs(inputs!, outputs!);
    }

    /// <summary>A block disposes what it made when it ends, so the rows are kept under a handle of their own.</summary>
    private static Tensor Keep(Tensor value, ref Tensor? kept)
    {
        kept = value.reshape(-1, value.shape[^1]).DetachFromDisposeScope();
        return value;
    }
}
