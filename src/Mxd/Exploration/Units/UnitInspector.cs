using Mxd.Activations;
using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Tokenizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Exploration.Units;

/// <summary>A layer whose units are looked at.</summary>
/// <param name="Run">Where it comes from.</param>
/// <param name="Replacement">The layer.</param>
/// <param name="Units">The units; there are units of these numbers.</param>
/// <param name="Other">A layer at the same place, trained from other first weights, in which matches are looked for; null for none.</param>
public sealed record InspectedLayer(string Run, Replacement Replacement, IReadOnlyList<int> Units, ILayer? Other = null);

/// <summary>
/// Looks at units of layers, one or all: <see cref="Survey"/> goes through a text once, in memory that grows with the number of units and not with the text, and
/// <see cref="Report(InspectedLayer, UnitSurvey?, PackedContexts?, int, CancellationToken)"/> works out what else there is to say, some units at a time.
/// </summary>
/// <param name="model">The language model.</param>
/// <param name="tokenizer">The model's.</param>
public sealed class UnitInspector(LanguageModel model, ITokenizer tokenizer)
{
    /// <summary>Units worked on at once: their scores over a vocabulary of 50,000 take 13 MB.</summary>
    private const int TileUnits = 64;

    private readonly VocabularyScores vocabulary = new(model, tokenizer);

    /// <summary>How units are looked up in a text: contexts shown of each, and of how many these are chosen.</summary>
    public static ExplorationOptions Lookup { get; } = new() { Strongest = 8, Spread = 8, Sample = 32, MeasuresContributions = true };

    /// <summary>Bytes that all of a survey's units take at most, held until their reports are made.</summary>
    public static long MostBytes(LayerOptions layer, long units) => units * UnitTally.MostBytes(Lookup) + ContributionTally.Bytes(layer, units);

    /// <summary>Where units are active and what they add, of all layers in one pass; its tensors belong to the caller's dispose scope.</summary>
    /// <param name="layers">At any hook points.</param>
    /// <param name="text">The text.</param>
    /// <param name="contexts">Contexts of it.</param>
    /// <param name="progress">Share done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public IReadOnlyList<UnitSurvey> Survey(IReadOnlyList<InspectedLayer> layers, PackedContexts text, int contexts, IProgress<double>? progress, CancellationToken cancellation)
    {
        ExplorationOptions options = Lookup with { Contexts = contexts, Only = layers.SelectMany(layer => layer.Units).ToHashSet() };
        return new UnitExplorer(model, text, tokenizer, options).Explore([.. layers.Select(layer => layer.Replacement)], progress, cancellation);
    }

    /// <summary>All about units of one layer, in their order, made as they are asked for. Stopped, there are no more.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="survey">Of <see cref="Survey"/>; null leaves out all that takes a text.</param>
    /// <param name="text">The text of the survey.</param>
    /// <param name="removal">Contexts of each unit in which its removal is measured; 0 for none. Each takes two passes of the language model from the layer on.</param>
    /// <param name="cancellation">Stops between units.</param>
    /// <exception cref="ArgumentException">The layer has no units.</exception>
    public IEnumerable<UnitReport> Report(InspectedLayer layer, UnitSurvey? survey, PackedContexts? text, int removal, CancellationToken cancellation = default)
    {
        ILayer it = layer.Replacement.Layer;
        UnitVectors vectors = UnitVectors.Of(it) ?? throw new ArgumentException($"A layer of type '{it.Options.Type}' has no encoder and decoder rows to look at.", nameof(layer));
        UnitVectors? others = layer.Other is null ? null : UnitVectors.Of(layer.Other);
        using ExpertSpectra? spectra = it.Parameters.Any(p => p.Key == LayerReport.Scales) ? ExpertSpectra.Of(it.Parameter(LayerReport.Scales).Value, it.Parameter("W_dec").Value) : null;
        foreach (int[] units in layer.Units.Chunk(TileUnits))
        {
            if (cancellation.IsCancellationRequested) yield break;
            foreach (UnitReport report in Report(layer, units, vectors, others, survey))
            {
                if (cancellation.IsCancellationRequested) yield break;
                // Of many experts, those never active get no spectrum, for time.
                bool isSpanned = spectra is not null && (survey is null || layer.Units.Count == 1 || report.Contribution is not null);
                UnitReport whole = isSpanned ? report with { Spectrum = UnitSpectrum.Of(spectra!.Spectra([report.Unit]).Single()) } : report;
                yield return removal > 0 && report is { Activity: { } activity, Contribution: not null } ? whole with { Effect = Remove(layer.Replacement, activity, text!, removal) } : whole;
            }
        }
    }

    private IReadOnlyList<UnitReport> Report(InspectedLayer layer, int[] units, UnitVectors vectors, UnitVectors? others, UnitSurvey? survey)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        IReadOnlyList<TokenScores> looksFor = vocabulary.OfEmbedding(vectors.Encoder.index_select(0, tensor([.. units.Select(unit => (long)unit)]).to(vectors.Encoder.device)));
        IReadOnlyList<UnitNeighbours> near = vectors.Near(units);
        IReadOnlyList<UnitNeighbours>? matches = others?.NearTo(vectors, units);
        Dictionary<int, UnitContribution> contributions = Contributions(survey?.Contributions, units);
        string type = layer.Replacement.Layer.Options.Type;
        return
        [
            .. units.Select((unit, i) => new UnitReport(
                layer.Run, type, unit, looksFor[i], null, near[i], matches?[i], survey?.ContextsOf(unit), contributions.GetValueOrDefault(unit), null)),
        ];
    }

    private Dictionary<int, UnitContribution> Contributions(ContributionTally? tally, int[] units)
    {
        int[] active = [.. units.Where(unit => tally?.Active(unit) > 0)];
        if (active.Length == 0) return [];
        Tensor means = stack([.. active.Select(tally!.MeanContribution)]);
        double[] norms = means.norm(1).cpu().data<double>().ToArray();
        IReadOnlyList<TokenScores> promotes = vocabulary.OfUnembedding(means);
        return active.Select((unit, i) => (unit, new UnitContribution(tally.Active(unit), tally.ShareWhereActive(unit), tally.Fvu(unit), norms[i], promotes[i]))).ToDictionary();
    }

    /// <summary>Half of the contexts are the strongest, half from those spread over the range.</summary>
    private UnitEffect? Remove(Replacement replacement, UnitContexts activity, PackedContexts text, int removal)
    {
        int half = (removal + 1) / 2;
        UnitExcerpt[] strong = [.. activity.Strongest.Take(half)];
        int rest = Math.Min(removal - strong.Length, activity.Spread.Count);
        IEnumerable<UnitExcerpt> spread = Enumerable.Range(0, rest).Select(i => activity.Spread[(2 * i + 1) * activity.Spread.Count / (2 * rest)]);
        long[] contexts = [.. strong.Concat(spread).Concat(activity.Strongest).Select(e => e.Context).Distinct().Take(removal)];
        return new UnitRemoval(model, replacement, activity.Unit).Measure(text, contexts, null, default);
    }
}
