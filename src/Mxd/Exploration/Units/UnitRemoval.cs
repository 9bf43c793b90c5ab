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

    private double crossEntropy, kl, crossEntropyOverall, klOverall, errorWith, errorWithout;
    private long active, predicting, predictions;

    /// <summary>On the contexts with the given numbers.</summary>
    /// <param name="text">The text.</param>
    /// <param name="contexts">At least one, in which the unit is active.</param>
    /// <param name="vocabulary">Says what its contribution promotes.</param>
    /// <param name="progress">Share done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>Null where the unit is active in none of them but on first tokens.</returns>
    public UnitEffect? Measure(PackedContexts text, IReadOnlyList<long> contexts, VocabularyScores vocabulary, IProgress<double>? progress, CancellationToken cancellation)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        long width = replacement.Layer.Options.OutputWidth;
        Tensor contribution = zeros(width, ScalarType.Float64, replacement.Layer.Device());
        var targets = new Moments(width, replacement.Layer.Device());
        int done = 0;
        foreach (long[] batch in contexts.Chunk(Math.Max(1, BatchTokens / text.ContextLength)))
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope one = NewDisposeScope();
            Tensor tokens = text.ToTensor(batch).to(model.Device);
            Tensor isActive = Reconstruct(tokens, contribution, targets);
            Compare(tokens, isActive);
            progress?.Report((double)(done += batch.Length) / contexts.Count);
        }
        if (active == 0) return null;
        return new UnitEffect(
            contexts.Count, active, crossEntropy / predicting, kl / predicting, crossEntropyOverall / predictions, klOverall / predictions,
            (errorWithout - errorWith) / targets.SumOfSquares(), vocabulary.OfUnembedding(contribution / Number(active)));
    }

    /// <summary>The layer's output with the unit and without; returns where it is active, bool [B,T].</summary>
    private Tensor Reconstruct(Tensor tokens, Tensor contribution, Moments targets)
    {
        using DisposeScope scope = NewDisposeScope();
        using ActivationRows rows = new Harvester(model, replacement.Input, replacement.Output).Harvest(tokens);
        Device device = replacement.Layer.Device();
        Tensor x = rows[replacement.Input].to(device).to(ScalarType.Float32), t = rows[replacement.Output].to(device).to(ScalarType.Float64);
        SparseCodes codes = replacement.Layer.Encode(x);
        Tensor y = replacement.Layer.Decode(codes, x).to(ScalarType.Float64), without = replacement.Layer.Decode(codes.Without(unit), x).to(ScalarType.Float64);
        // First tokens, the same in all contexts, are left out of what is active and of the targets' mean.
        Tensor isInside = Inside(tokens).to(device), isActive = (codes.CoefficientOf(unit) > Zero).logical_and(isInside);
        Tensor chosen = isActive.nonzero().squeeze(1);
        active += chosen.shape[0];
        Tensor own = t.index_select(0, chosen), with = y.index_select(0, chosen), less = without.index_select(0, chosen);
        targets.Add(t.index_select(0, isInside.nonzero().squeeze(1)), own);
        errorWith += SumOfSquares(own - with);
        errorWithout += SumOfSquares(own - less);
        contribution.add_((with - less).sum(dim: 0), One);
        return isActive.view(tokens.shape[0], -1).to(model.Device).MoveToOuterDisposeScope();
    }

    /// <summary>The model's predictions with the layer in place, with the unit and without.</summary>
    private void Compare(Tensor tokens, Tensor isActive)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor before = model.RunLayers(model.Embed(tokens), 0, replacement.FirstLayer);
        Tensor with = Finish(before, replacement.Splice(model));
        Tensor without = Finish(before, new LayerSwap(model, replacement.Input, replacement.Output, (x, _) => replacement.Layer.Decode(replacement.Layer.Encode(x).Without(unit), x)));
        ComparedLosses losses = NextTokenLoss.Compare(model, with, [without], tokens);
        Tensor change = (losses.AlteredCrossEntropy[0] - losses.CrossEntropy).to(ScalarType.Float64), divergence = losses.Divergence[0].to(ScalarType.Float64);
        // The last position predicts nothing.
        Tensor predicts = isActive.narrow(1, 0, isActive.shape[1] - 1);
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

    /// <summary>False at first tokens, bool [B·T].</summary>
    private static Tensor Inside(Tensor tokens)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor inside = ones(tokens.shape, dtype: ScalarType.Bool);
        inside.narrow(1, 0, 1).zero_();
        return inside.reshape(-1).MoveToOuterDisposeScope();
    }

    private static double SumOfSquares(Tensor values) => (values * values).sum().ToDouble();

    /// <summary>Of targets: the squared distance of some rows from the mean of all.</summary>
    private sealed class Moments(long width, Device device)
    {
        private readonly Tensor sum = zeros(width, ScalarType.Float64, device), chosenSum = zeros(width, ScalarType.Float64, device);
        private double chosenSquares;
        private long count, chosenCount;

        public void Add(Tensor all, Tensor chosen)
        {
            using DisposeScope scope = NewDisposeScope();
            sum.add_(all.sum(dim: 0), One);
            chosenSum.add_(chosen.sum(dim: 0), One);
            chosenSquares += UnitRemoval.SumOfSquares(chosen);
            (count, chosenCount) = (count + all.shape[0], chosenCount + chosen.shape[0]);
        }

        /// <summary>Σ ‖t - m‖² = Σ ‖t‖² - 2 m·Σt + n ‖m‖².</summary>
        public double SumOfSquares()
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor mean = sum / Number(count);
            return chosenSquares - 2 * mean.dot(chosenSum).ToDouble() + chosenCount * mean.dot(mean).ToDouble();
        }
    }
}
