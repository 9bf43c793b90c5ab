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

    /// <summary>Puts a constant vector [O] in its place.</summary>
    public IDisposable Ablate(LanguageModel model, Tensor vector) => LayerSwap.Constant(model, Output, vector);

    /// <summary>The first layer whose block is touched.</summary>
    public int FirstLayer => Math.Min(Input.Layer, Output.Layer);
}

/// <summary>A way of altering a language model's forward pass from some layer on.</summary>
/// <param name="FirstLayer">Layers before it compute what they always do.</param>
/// <param name="Apply">Alters the model until its result is disposed.</param>
public sealed record Intervention(int FirstLayer, Func<IDisposable> Apply);
