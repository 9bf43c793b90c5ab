using Mxd.Activations;
using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.Layers;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Exploration.Units;

/// <summary>Measures what a unit does on some contexts by removing it alone.</summary>
internal sealed class UnitRemoval(LanguageModel model, Replacement replacement, int unit)
{
    private const int BatchTokens = 512;

    private double crossEntropy, kl, crossEntropyOverall, klOverall;
    private long active, predicting, predictions;

    /// <summary>On the contexts with the given numbers.</summary>
    /// <param name="text">The text.</param>
    /// <param name="contexts">At least one, in which the unit is active.</param>
    /// <param name="progress">Share done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>Null where the unit is active in none of them but on first tokens.</returns>
    public UnitEffect? Measure(PackedContexts text, IReadOnlyList<long> contexts, IProgress<double>? progress, CancellationToken cancellation)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        int done = 0;
        foreach (long[] batch in contexts.Chunk(Math.Max(1, BatchTokens / text.ContextLength)))
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope one = NewDisposeScope();
            Tensor tokens = text.ToTensor(batch).to(model.Device);
            Compare(tokens);
            progress?.Report((double)(done += batch.Length) / contexts.Count);
        }
        return active == 0 ? null : new UnitEffect(contexts.Count, active, crossEntropy / predicting, kl / predicting, crossEntropyOverall / predictions, klOverall / predictions);
    }

    /// <summary>The model's predictions with the layer in place, with the unit and without.</summary>
    private void Compare(Tensor tokens)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor? isActive = null;
        Tensor before = model.RunLayers(model.Embed(tokens), 0, replacement.FirstLayer);
        Tensor with = Finish(before, replacement.Splice(model));
        Tensor without = Finish(before, new LayerSwap(model, replacement.Input, replacement.Output, (x, _) =>
        {
            SparseCodes codes = replacement.Layer.Encode(x);
            isActive = (codes.CoefficientOf(unit) > Zero).view(tokens.shape[0], -1).to(model.Device).DetachFromDisposeScope();
            return replacement.Layer.Decode(codes.Without(unit), x);
        }));
        using Tensor found = isActive!;
        // First tokens are the same in all contexts: being active there says nothing.
        found.narrow(1, 0, 1).zero_();
        active += found.sum().ToInt64();
        ComparedLosses losses = NextTokenLoss.Compare(model, with, [without], tokens);
        Tensor change = (losses.AlteredCrossEntropy[0] - losses.CrossEntropy).to(ScalarType.Float64), divergence = losses.Divergence[0].to(ScalarType.Float64);
        // The last position predicts nothing.
        Tensor predicts = found.narrow(1, 0, found.shape[1] - 1);
        crossEntropy += change.masked_select(predicts).sum().ToDouble();
        kl += divergence.masked_select(predicts).sum().ToDouble();
        predicting += predicts.sum().ToInt64();
        crossEntropyOverall += change.sum().ToDouble();
        klOverall += divergence.sum().ToDouble();
        predictions += change.numel();
    }

    private Tensor Finish(Tensor residual, IDisposable splice)
    {
        using (splice) return model.FinalNorm(model.RunLayers(residual, replacement.FirstLayer, model.Identity.Layers));
    }
}
