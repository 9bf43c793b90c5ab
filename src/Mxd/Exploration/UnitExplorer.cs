using Mxd.Activations;
using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Tokenizers;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Exploration;

/// <summary>
/// Looks at what layers' units are active on. The language model runs once, as far as the last layer's input, whatever the number of layers;
/// layers only encode. What is kept grows with the number of units and not with the text.
/// </summary>
public sealed class UnitExplorer(LanguageModel model, PackedContexts text, ITokenizer tokenizer, ExplorationOptions options)
{
    private readonly long contexts = Math.Min(options.Contexts, text.Count);
    private readonly int batch = Math.Max(1, options.BatchTokens / text.ContextLength);

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
        using IDisposable noGrad = no_grad();
        LayerTally[] tallies = [.. replacements.Select(r => new LayerTally((int)r.Layer.Options.Units, options))];
        var harvester = new Harvester(model, replacements.Select(r => r.Input));
        for (long done = 0; done < contexts; done += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            int count = (int)Math.Min(batch, contexts - done);
            long start = done;
            using ActivationRows rows = harvester.Harvest(text.ToTensor(Enumerable.Range(0, count).Select(i => start + i)));
            for (int i = 0; i < tallies.Length; i++) Encode(replacements[i].Layer, rows[replacements[i].Input], tallies[i], start, count);
            progress?.Report((double)(done + count) / contexts);
        }
        return [.. tallies.Select(tally => new UnitSurvey(tally, text, tokenizer, options))];
    }

    /// <summary>Encodes rows [B·T,width] of whole contexts, a few at a time where the activations of all units are written out.</summary>
    private void Encode(ILayer layer, Tensor rows, LayerTally tally, long first, int count)
    {
        Device device = layer.Device();
        int atOnce = (int)Math.Max(1, ValidationSet.RowsAtOnce(layer.Options, device) / text.ContextLength);
        for (int done = 0; done < count; done += atOnce)
        {
            using DisposeScope scope = NewDisposeScope();
            int some = Math.Min(atOnce, count - done);
            Tensor x = rows.narrow(0, (long)done * text.ContextLength, (long)some * text.ContextLength);
            tally.Add(text, first + done, some, layer.Encode(x.to(device).to(ScalarType.Float32)));
        }
    }
}
