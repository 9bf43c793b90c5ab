using Mxd.Activations;
using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Tokenizers;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Exploration.Units;

/// <summary>Looks at single units of a layer.</summary>
/// <param name="model">The language model.</param>
/// <param name="replacement">The layer.</param>
/// <param name="tokenizer">The model's.</param>
public sealed class UnitInspector(LanguageModel model, Replacement replacement, ITokenizer tokenizer)
{
    /// <summary>Contexts in which removing a unit is measured, at most.</summary>
    private const int Removed = 16;

    private readonly VocabularyScores vocabulary = new(model, tokenizer);

    /// <summary>All about one unit.</summary>
    /// <param name="run">Where the layer comes from.</param>
    /// <param name="unit">The unit; there is one of that number.</param>
    /// <param name="text">Where it is looked up; null leaves out all that takes a text.</param>
    /// <param name="files">What the text was read from.</param>
    /// <param name="contexts">Contexts of it.</param>
    /// <param name="other">A layer at the same place, trained from other first weights.</param>
    /// <param name="observer">Hears of progress.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public UnitReport Inspect(
        string run, int unit, PackedContexts? text, IReadOnlyList<string>? files, int contexts, ILayer? other, IRunObserver observer, CancellationToken cancellation)
    {
        using DisposeScope scope = NewDisposeScope();
        ILayer layer = replacement.Layer;
        UnitVectors vectors = UnitVectors.Of(layer) ?? throw new ArgumentException($"A layer of type '{layer.Options.Type}' has no encoder and decoder rows to look at.", nameof(unit));
        ExpertSpectrum? spectrum = null;
        if (layer.Parameters.Any(p => p.Key == LayerReport.Scales))
        {
            using ExpertSpectra spectra = ExpertSpectra.Of(layer.Parameter(LayerReport.Scales).Value, layer.Parameter("W_dec").Value);
            spectrum = spectra.Spectra([unit]).Single();
        }
        var report = new UnitReport(
            run, layer.Options.Type, unit, vocabulary.OfEmbedding(vectors.Encoder[unit]), spectrum, vectors.Near(unit),
            other is null ? null : UnitVectors.Of(other)?.NearTo(vectors, unit), null, null, null);
        if (text is null) return report;

        observer.Begin("Looking where the unit is active", 100, "%");
        var options = new ExplorationOptions { Contexts = contexts, OnlyUnit = unit, Strongest = Removed / 2, Spread = Removed / 2, Sample = 4 * Removed };
        UnitSurvey survey = new UnitExplorer(model, text, tokenizer, options).Explore(replacement, new ObservedPercent(observer), cancellation);
        UnitContexts activity = survey.ContextsOf(unit);
        long[] places = [.. activity.Strongest.Concat(activity.Spread).Select(e => e.Context).Distinct().Take(Removed)];
        report = report with { Activity = activity, Text = files };
        if (places.Length == 0) return report;
        observer.Begin("Removing it", 100, "%");
        return report with { Effect = new UnitRemoval(model, replacement, unit).Measure(text, places, vocabulary, new ObservedPercent(observer), cancellation) };
    }
}
