using Mxd.LanguageModels;
using Mxd.Layers;
using static TorchSharp.torch;

namespace Mxd.Evaluation;

/// <summary>A layer and the two hook points between which it stands in for the model.</summary>
public sealed record Replacement(ILayer Layer, HookPoint Input, HookPoint Output)
{
    /// <summary>Puts the layer in place, its units steered or not, until the result is disposed.</summary>
    public IDisposable Splice(LanguageModel model, Steering? steering = null) =>
        new LayerSwap(model, Input, Output, (x, _) => steering is null ? Layer.Forward(x) : steering.Forward(Layer, x));

    /// <summary>Puts the layer in place, its units steered from the last token of a prompt on: the first that goes through the model, by itself, before what follows it.</summary>
    public IDisposable SpliceAfterPrompt(LanguageModel model, Steering steering)
    {
        bool isPrompt = true;
        return new LayerSwap(model, Input, Output, (x, _) =>
        {
            long plain = isPrompt ? x.shape[0] - 1 : 0;
            isPrompt = false;
            Tensor steered = steering.Forward(Layer, x.narrow(0, plain, x.shape[0] - plain));
            return plain == 0 ? steered : cat([Layer.Forward(x.narrow(0, 0, plain)), steered]);
        });
    }

    /// <summary>Puts a constant vector [O] in its place.</summary>
    public IDisposable Ablate(LanguageModel model, Tensor vector) => LayerSwap.Constant(model, Output, vector);

    /// <summary>The first layer whose block is touched.</summary>
    public int FirstLayer => Math.Min(Input.Layer, Output.Layer);
}

/// <summary>A way of altering a language model's forward pass from some layer on.</summary>
/// <param name="FirstLayer">Layers before it compute what they always do.</param>
/// <param name="Apply">Alters the model until its result is disposed.</param>
public sealed record Intervention(int FirstLayer, Func<IDisposable> Apply)
{
    /// <summary>Number of an earlier intervention that has ended before <see cref="FirstLayer"/> and stays as it is: this one comes on top of it.</summary>
    public int? After { get; init; }
}
