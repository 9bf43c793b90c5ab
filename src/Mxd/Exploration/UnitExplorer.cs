using Mxd.Activations;
using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Tokenizers;

namespace Mxd.Exploration;

/// <summary>
/// Looks at what layers' units are active on. The language model runs once, as far as the last layer's input, whatever the number of layers;
/// layers only encode. What is kept grows with the number of units and not with the text.
/// </summary>
public sealed class UnitExplorer(LanguageModel model, PackedContexts text, ITokenizer tokenizer, ExplorationOptions options)
{
    /// <summary>Looks at one layer.</summary>
    /// <inheritdoc cref="Explore(IReadOnlyList{Replacement}, IProgress{double}?, CancellationToken)"/>
    public UnitSurvey Explore(Replacement replacement, IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        Explore([replacement], progress, cancellation)[0];

    /// <summary>Looks at layers, in one pass of the language model; a survey each, in their order.</summary>
    /// <param name="replacements">Layers with units, at any hook points.</param>
    /// <param name="progress">Share of the work done, 0 to 1.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="ArgumentException">A layer has no units.</exception>
    public IReadOnlyList<UnitSurvey> Explore(
        IReadOnlyList<Replacement> replacements, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        if (replacements.FirstOrDefault(r => r.Layer.Options.Units == 0) is { } without)
            throw new ArgumentException($"A layer of type '{without.Layer.Options.Type}' has no units to look at.", nameof(replacements));
        if (replacements.Count == 0) return [];
        LayerTally[] tallies = [.. replacements.Select(r => new LayerTally((int)r.Layer.Options.Units, options))];
        long contexts = Math.Min(options.Contexts, text.Count);
        IProgress<long>? done = progress is null ? null : new ShareOf(progress, contexts);
        ContributionTally?[] contributions = [.. replacements.Select(r => options.MeasuresContributions ? new ContributionTally(r.Layer, options.Only) : null)];
        EncodedText.Read(model, replacements, text, contexts, options.BatchTokens, options.MeasuresContributions, Take, done, cancellation);
        return [.. tallies.Zip(contributions, (tally, contribution) => new UnitSurvey(tally, contribution, text, tokenizer, options))];

        void Take(EncodedContexts some)
        {
            List<CodeEntry> entries = CodeEntries.Of(some.Codes);
            tallies[some.Layer].Add(text, some.First, some.Count, entries.Where(entry => entry.Value > 0));
            contributions[some.Layer]?.Add(some, entries, text.ContextLength);
        }
    }

    private sealed class ShareOf(IProgress<double> progress, long all) : IProgress<long>
    {
        public void Report(long value) => progress.Report((double)value / all);
    }
}
