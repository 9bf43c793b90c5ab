using Mxd.Activations;
using Mxd.LanguageModels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Evaluation.Probing;

/// <summary>What layers are given on tokens: by the model as it is, or with layers in the place of its own, where each reads what the model makes of the outputs of those before it.</summary>
internal sealed class LayerInputs(LanguageModel model, IReadOnlyList<Replacement> layers, ReplacementSet? inPlace)
{
    private readonly Harvester harvester = new(model, layers.Select(layer => layer.Input));

    /// <summary>For each layer, in their order, the rows [B·T,I] of tokens [B,T]; in the caller's dispose scope.</summary>
    public IReadOnlyList<Tensor> Read(Tensor tokens)
    {
        if (inPlace is not null) return InPlace(tokens, inPlace);
        using ActivationRows rows = harvester.Harvest(tokens);
        return [.. layers.Select(layer => rows[layer.Input].alias())];
    }

    /// <summary>A layer may read the very value that it replaces, so it is asked what it is given, and its hook point is not.</summary>
    private Tensor[] InPlace(Tensor tokens, ReplacementSet set)
    {
        Dictionary<HookPoint, Tensor> given = [];
        try
        {
            HookPoint last = set.Layers.Select(layer => layer.Output).Aggregate((furthest, point) => furthest.IsBefore(point) ? point : furthest);
            using DisposeScope scope = NewDisposeScope();
            using (set.SpliceWatched(model, (layer, x) => given[layer.Output] = x.alias().DetachFromDisposeScope())) model.RunTo(model.Embed(tokens), last);
            return [.. layers.Select(layer => given[layer.Output].alias().MoveToOuterDisposeScope())];
        }
        finally
        {
            foreach (Tensor rows in given.Values) rows.Dispose();
        }
    }
}
