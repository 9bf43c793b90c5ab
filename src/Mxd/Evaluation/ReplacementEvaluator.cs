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
        if (options.SkipFirst < 0 || options.SkipFirst > text.ContextLength - 2)
            throw new MxdInputException(
                $"--skip-first is {options.SkipFirst}, but contexts have {text.ContextLength} tokens and the last predicts none: give 0 to {text.ContextLength - 2}.");
        using DisposeScope scope = NewDisposeScope();
        var pass = new EvaluationPass(contexts, batch, progress, cancellation);
        var harvest = new ReconstructionPass(model, text, pass, skips);
        MeasuredReconstruction[] reconstructed = [.. replacements.Select(harvest.Measure)];
        List<Intervention> interventions = [];
        for (int i = 0; i < replacements.Count; i++) interventions.AddRange(Alone(replacements[i], reconstructed[i].Mean));
        bool together = replacements.Count > 1 && replacements.Select(r => r.Output).Distinct().Count() == replacements.Count;
        if (together) interventions.AddRange(Together(replacements, [.. reconstructed.Select(r => r.Mean)]));

        var losses = new InterventionLosses(model, interventions, skips);
        pass.ForEach(0.25, 1, batch => losses.Add(text.ToTensor(batch)));
        List<CostOfReplacement> costs = [];
        for (int i = 0; i < replacements.Count; i++) costs.Add(Cost(losses, 3 * i, reconstructed[i].Results));
        if (together) costs.Add(Cost(losses, 3 * replacements.Count, [null, null]));
        return costs;
    }

    /// <summary>How well a replacement reproduces the MLP's output, without running the rest of the model.</summary>
    public Reconstruction Reconstruct(Replacement replacement, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        using DisposeScope scope = NewDisposeScope();
        var pass = new EvaluationPass(contexts, batch, progress, cancellation);
        return new ReconstructionPass(model, text, pass, [options.SkipFirst]).Measure(replacement).Results[0];
    }

    /// <summary>Spliced, zero-ablated, mean-ablated: the order in which costs are read.</summary>
    private Intervention[] Alone(Replacement r, Tensor mean) =>
    [
        new(r.FirstLayer, () => r.Splice(model)),
        new(r.FirstLayer, () => r.Ablate(model, zeros_like(mean))),
        new(r.FirstLayer, () => r.Ablate(model, mean)),
    ];

    private Intervention[] Together(IReadOnlyList<Replacement> all, Tensor[] means)
    {
        int first = all.Min(r => r.FirstLayer);
        return
        [
            new(first, () => new Combined([.. all.Select(r => r.Splice(model))])),
            new(first, () => new Combined([.. all.Zip(means, (r, mean) => r.Ablate(model, zeros_like(mean)))])),
            new(first, () => new Combined([.. all.Zip(means, (r, mean) => r.Ablate(model, mean))])),
        ];
    }

    private CostOfReplacement Cost(InterventionLosses losses, int first, IReadOnlyList<Reconstruction?> reconstructions)
    {
        CostOfReplacement main = CostOver(losses.Series[0], first, reconstructions[0], skips[0]);
        CostOfReplacement other = CostOver(losses.Series[1], first, reconstructions[1], skips[1]);
        return main.DiffersFrom(other) ? main with { Elsewhere = other } : main;
    }

    private CostOfReplacement CostOver(LossSeries losses, int first, Reconstruction? reconstruction, int skip)
    {
        ContextSeries clean = losses.Model;
        ContextSeries[] ce = [.. losses.CrossEntropy.Skip(first).Take(3)];
        ContextSeries[] increases = [.. ce.Select(c => c.Minus(clean))];
        Ratio recovered = ContextSeries.Ratio(ce[1].Minus(ce[0]), increases[1]);
        return new CostOfReplacement(
            new CrossEntropies(clean.Mean, ce[0].Mean, ce[1].Mean, ce[2].Mean),
            new CrossEntropyIncreases(increases[0].Mean, increases[1].Mean, increases[2].Mean),
            losses.Kl[first].Mean,
            recovered.Value,
            new CostStandardErrors(
                new CrossEntropies(clean.StandardError, ce[0].StandardError, ce[1].StandardError, ce[2].StandardError),
                new CrossEntropyIncreases(increases[0].StandardError, increases[1].StandardError, increases[2].StandardError),
                losses.Kl[first].StandardError,
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

    private sealed class Combined(IReadOnlyList<IDisposable> parts) : IDisposable
    {
        public void Dispose()
        {
            foreach (IDisposable part in parts) part.Dispose();
        }
    }
}
