using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Metrics;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Evaluation;

/// <summary>How an evaluation goes through its text.</summary>
public sealed record EvaluationOptions
{
    /// <summary>Contexts of the held-out text to use, from its beginning.</summary>
    public int Contexts { get; init; } = 128;

    /// <summary>Positions left out at the start of each context.</summary>
    public int SkipFirst { get; init; }

    /// <summary>Tokens in a forward pass, at least one context.</summary>
    public int BatchTokens { get; init; } = 1024;

    /// <summary>Are replacements of different outputs measured all together, too?</summary>
    public bool MeasuresTogether { get; init; } = true;
}

/// <summary>Measures what replacements cost a language model on packed held-out text.</summary>
public sealed class ReplacementEvaluator(LanguageModel model, PackedContexts text, EvaluationOptions options)
{
    private readonly int batch = Math.Max(1, options.BatchTokens / text.ContextLength);
    private readonly int contexts = (int)Math.Min(options.Contexts, text.Count);

    /// <summary>The main choice of positions, and the one it is held against.</summary>
    private readonly int[] skips = [options.SkipFirst, options.SkipFirst == 0 ? 1 : 0];

    /// <summary>
    /// The cost of each replacement by itself and, where there are several at different layers, of all together as a last entry.
    /// </summary>
    /// <param name="replacements">What stands in, where.</param>
    /// <param name="progress">Share of the work done, 0 to 1.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="MxdInputException">Contexts have no predictions behind the positions left out.</exception>
    public IReadOnlyList<CostOfReplacement> Evaluate(
        IReadOnlyList<Replacement> replacements, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        bool together = options.MeasuresTogether && replacements.Count > 1 && replacements.Select(r => r.Output).Distinct().Count() == replacements.Count;
        ReplacementCosts costs = Evaluate(replacements, together ? [[.. Enumerable.Range(0, replacements.Count)]] : [], progress, cancellation);
        return [.. costs.Alone, .. costs.Sets.Select(set => set.Cost)];
    }

    /// <summary>The cost of each replacement by itself, and of sets of them at once.</summary>
    /// <param name="replacements">What stands in, where.</param>
    /// <param name="sets">Numbers of replacements at different outputs. One that goes on from a set named before it, at a later layer, costs the layers from there on.</param>
    /// <param name="progress">Share of the work done, 0 to 1.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="MxdInputException">Contexts have no predictions behind the positions left out.</exception>
    public ReplacementCosts Evaluate(
        IReadOnlyList<Replacement> replacements, IReadOnlyList<IReadOnlyList<int>> sets, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        if (options.SkipFirst < 0 || options.SkipFirst > text.ContextLength - 2)
            throw new MxdInputException(
                $"--skip-first is {options.SkipFirst}, but contexts have {text.ContextLength} tokens and the last predicts none: give 0 to {text.ContextLength - 2}.");
        using DisposeScope scope = NewDisposeScope();
        var pass = new EvaluationPass(contexts, batch, progress, cancellation);
        IReadOnlyList<MeasuredReconstruction> reconstructed = new ReconstructionPass(model, text, pass, skips).Measure(replacements);
        var interventions = new ReplacementInterventions(model, replacements, [.. reconstructed.Select(r => r.Mean)]);
        InterventionPlaces[] alone = [.. replacements.Select((_, i) => interventions.Of([i]))], at = [.. sets.Select(interventions.Of)];
        var losses = new InterventionLosses(model, interventions.All, skips);
        pass.ForEach(0.25, 1, batch => losses.Add(text.ToTensor(batch)));
        IReadOnlyList<Reconstruction?> nothing = new Reconstruction?[skips.Length];
        return new ReplacementCosts(
            [.. alone.Select((place, i) => Cost(losses, place, reconstructed[i].Results))],
            [.. sets.Zip(at, (set, place) => WithSum(Cost(losses, place, nothing), losses.Series[0], place, [.. set.Select(i => alone[i])]))]);
    }

    /// <summary>How well a replacement reproduces the MLP's output, without running the rest of the model.</summary>
    public Reconstruction Reconstruct(Replacement replacement, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        using DisposeScope scope = NewDisposeScope();
        var pass = new EvaluationPass(contexts, batch, progress, cancellation);
        return new ReconstructionPass(model, text, pass, [options.SkipFirst]).Measure([replacement])[0].Results[0];
    }

    private static SetCost WithSum(CostOfReplacement cost, LossSeries losses, InterventionPlaces together, InterventionPlaces[] alone)
    {
        ContextSeries[] sums = [.. Kinds(together).Select((_, kind) => alone.Select(a => Increase(Kinds(a)[kind])).Aggregate((a, b) => a.Plus(b)))];
        ContextSeries[] beyond = [.. Kinds(together).Select((place, kind) => Increase(place).Minus(sums[kind]))];
        return new SetCost(cost, Of(sums, s => s.Mean), Of(beyond, s => s.Mean), new SumStandardErrors(Of(sums, s => s.StandardError), Of(beyond, s => s.StandardError)));

        ContextSeries Increase(int place) => losses.CrossEntropy[place].Minus(losses.Model);

        static CrossEntropyIncreases Of(ContextSeries[] series, Func<ContextSeries, double> value) => new(value(series[0]), value(series[1]), value(series[2]));
    }

    private static int[] Kinds(InterventionPlaces places) => [places.Spliced, places.Zero, places.Mean];

    private CostOfReplacement Cost(InterventionLosses losses, InterventionPlaces places, IReadOnlyList<Reconstruction?> reconstructions)
    {
        CostOfReplacement main = CostOver(losses.Series[0], places, reconstructions[0], skips[0]);
        CostOfReplacement other = CostOver(losses.Series[1], places, reconstructions[1], skips[1]);
        return main.DiffersFrom(other) ? main with { Elsewhere = other } : main;
    }

    private CostOfReplacement CostOver(LossSeries losses, InterventionPlaces places, Reconstruction? reconstruction, int skip)
    {
        ContextSeries clean = losses.Model;
        ContextSeries[] ce = [.. Kinds(places).Select(i => losses.CrossEntropy[i])];
        ContextSeries[] increases = [.. ce.Select(c => c.Minus(clean))];
        Ratio recovered = ContextSeries.Ratio(ce[1].Minus(ce[0]), increases[1]);
        return new CostOfReplacement(
            new CrossEntropies(clean.Mean, ce[0].Mean, ce[1].Mean, ce[2].Mean),
            new CrossEntropyIncreases(increases[0].Mean, increases[1].Mean, increases[2].Mean),
            losses.Kl[places.Spliced].Mean,
            recovered.Value,
            new CostStandardErrors(
                new CrossEntropies(clean.StandardError, ce[0].StandardError, ce[1].StandardError, ce[2].StandardError),
                new CrossEntropyIncreases(increases[0].StandardError, increases[1].StandardError, increases[2].StandardError),
                losses.Kl[places.Spliced].StandardError,
                recovered.StandardError),
            reconstruction?.Fvu,
            reconstruction?.NormScaledMse,
            reconstruction?.L0,
            reconstruction?.DeadFraction,
            (long)contexts * (text.ContextLength - skip),
            reconstruction?.ZeroNormTargets,
            contexts,
            skip);
    }
}
