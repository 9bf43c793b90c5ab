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
        if (options.SkipFirst < 0 || options.SkipFirst > text.ContextLength - 2)
            throw new MxdInputException(
                $"--skip-first is {options.SkipFirst}, but contexts have {text.ContextLength} tokens and the last predicts none: give 0 to {text.ContextLength - 2}.");
        using DisposeScope scope = NewDisposeScope();
        var pass = new EvaluationPass(contexts, batch, progress, cancellation);
        IReadOnlyList<MeasuredReconstruction> reconstructed = new ReconstructionPass(model, text, pass, skips).Measure(replacements);
        List<Intervention> interventions = [];
        List<Places> places = [];
        Dictionary<(int, HookPoint), (int Zero, int Mean)> ablated = [];
        foreach ((Replacement r, MeasuredReconstruction measured) in replacements.Zip(reconstructed))
        {
            if (!ablated.TryGetValue((r.FirstLayer, r.Output), out (int Zero, int Mean) shared))
                ablated[(r.FirstLayer, r.Output)] = shared = (Add(r.FirstLayer, () => r.Ablate(model, zeros_like(measured.Mean))), Add(r.FirstLayer, () => r.Ablate(model, measured.Mean)));
            places.Add(new Places(Add(r.FirstLayer, () => r.Splice(model)), shared.Zero, shared.Mean));
        }
        bool together = options.MeasuresTogether && replacements.Count > 1 && replacements.Select(r => r.Output).Distinct().Count() == replacements.Count;
        if (together) places.Add(Together(replacements, [.. reconstructed.Select(r => r.Mean)], Add));

        var losses = new InterventionLosses(model, interventions, skips);
        pass.ForEach(0.25, 1, batch => losses.Add(text.ToTensor(batch)));
        IReadOnlyList<Reconstruction?> nothing = new Reconstruction?[skips.Length];
        return [.. places.Select((place, i) => Cost(losses, place, i < replacements.Count ? reconstructed[i].Results : nothing))];

        int Add(int first, Func<IDisposable> apply)
        {
            interventions.Add(new Intervention(first, apply));
            return interventions.Count - 1;
        }
    }

    /// <summary>How well a replacement reproduces the MLP's output, without running the rest of the model.</summary>
    public Reconstruction Reconstruct(Replacement replacement, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        using DisposeScope scope = NewDisposeScope();
        var pass = new EvaluationPass(contexts, batch, progress, cancellation);
        return new ReconstructionPass(model, text, pass, [options.SkipFirst]).Measure([replacement])[0].Results[0];
    }

    private Places Together(IReadOnlyList<Replacement> all, Tensor[] means, Func<int, Func<IDisposable>, int> add)
    {
        int first = all.Min(r => r.FirstLayer);
        return new Places(
            add(first, () => new Combined([.. all.Select(r => r.Splice(model))])),
            add(first, () => new Combined([.. all.Zip(means, (r, mean) => r.Ablate(model, zeros_like(mean)))])),
            add(first, () => new Combined([.. all.Zip(means, (r, mean) => r.Ablate(model, mean))])));
    }

    private CostOfReplacement Cost(InterventionLosses losses, Places places, IReadOnlyList<Reconstruction?> reconstructions)
    {
        CostOfReplacement main = CostOver(losses.Series[0], places, reconstructions[0], skips[0]);
        CostOfReplacement other = CostOver(losses.Series[1], places, reconstructions[1], skips[1]);
        return main.DiffersFrom(other) ? main with { Elsewhere = other } : main;
    }

    private CostOfReplacement CostOver(LossSeries losses, Places places, Reconstruction? reconstruction, int skip)
    {
        ContextSeries clean = losses.Model;
        ContextSeries[] ce = [.. new[] { places.Spliced, places.Zero, places.Mean }.Select(i => losses.CrossEntropy[i])];
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

    /// <summary>Where among the interventions those of one cost stand; replacements of the same output share their ablations.</summary>
    private sealed record Places(int Spliced, int Zero, int Mean);

    private sealed class Combined(IReadOnlyList<IDisposable> parts) : IDisposable
    {
        public void Dispose()
        {
            foreach (IDisposable part in parts) part.Dispose();
        }
    }
}
