using Mxd.LanguageModels;
using Mxd.Layers;
using static TorchSharp.torch;

namespace Mxd.Evaluation;

/// <summary>Layers that are in place together: each reads what the model makes of the outputs of those before it.</summary>
public sealed class ReplacementSet
{
    private readonly int[] depth;

    /// <param name="layers">The layers; no two replace the same output.</param>
    public ReplacementSet(IReadOnlyList<Replacement> layers)
    {
        if (layers.Select(layer => layer.Output).Distinct().Count() < layers.Count) throw new ArgumentException("Two layers replace the same output.", nameof(layers));
        Layers = layers;
        depth = [.. Enumerable.Range(0, layers.Count).OrderBy(i => layers[i].Output.Layer).ThenBy(i => layers[i].Output.Site)];
    }

    public IReadOnlyList<Replacement> Layers { get; }

    /// <summary>Puts all layers in place until the result is disposed.</summary>
    /// <param name="model">The language model.</param>
    /// <param name="steering">What is added to units, by the layer's number; layers without are left as they are.</param>
    /// <param name="afterPrompt">Steers from the prompt's last token on (<see cref="Replacement.SpliceAfterPrompt"/>).</param>
    public IDisposable Splice(LanguageModel model, IReadOnlyDictionary<int, Steering>? steering = null, bool afterPrompt = false) =>
        new Splices([.. depth.Select(i => Splice(model, Layers[i], steering?.GetValueOrDefault(i), afterPrompt))]);

    /// <summary>Puts all layers but one in place; what that one would read can then be read at its input.</summary>
    public IDisposable SpliceOthers(LanguageModel model, int than) => new Splices([.. depth.Where(i => i != than).Select(i => Layers[i].Splice(model))]);

    /// <summary>Puts all layers in place, and tells what each is given: x [B·T,I] in float32, which lives until the layer has its output.</summary>
    public IDisposable SpliceWatched(LanguageModel model, Action<Replacement, Tensor> given) => new Splices(
    [
        .. depth.Select(i => new LayerSwap(model, Layers[i].Input, Layers[i].Output, (x, _) =>
        {
            given(Layers[i], x);
            return Layers[i].Layer.Forward(x);
        })),
    ]);

    private static IDisposable Splice(LanguageModel model, Replacement layer, Steering? steering, bool afterPrompt) =>
        steering is not null && afterPrompt ? layer.SpliceAfterPrompt(model, steering) : layer.Splice(model, steering);
}

/// <summary>Alterations of a model that end together.</summary>
internal sealed class Splices(IReadOnlyList<IDisposable> parts) : IDisposable
{
    public void Dispose()
    {
        foreach (IDisposable part in parts) part.Dispose();
    }
}
