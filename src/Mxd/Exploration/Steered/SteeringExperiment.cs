using Mxd.Evaluation;
using Mxd.Exploration.Health;
using Mxd.LanguageModels;
using Mxd.LanguageModels.Generation;
using Mxd.Layers;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Exploration.Steered;

/// <summary>
/// The published steering experiment: a prompt continued with a layer in place, again and again, each time with another unit steered. Every unit draws the same random
/// numbers as the text that is not steered.
/// </summary>
public sealed class SteeringExperiment(LanguageModel model, Replacement replacement, SteerInput input, SteerOptions options)
{
    /// <summary>Units that a note names.</summary>
    private const int Named = 10;

    private readonly TextGenerator generator = new(model, input.Model.Tokenizer);

    /// <summary>Steers all units, one after another or together. Stopped, it returns what there is by then.</summary>
    public SteeringResult Run(IRunObserver observer, CancellationToken cancellation)
    {
        (IReadOnlyList<ChosenForSteering> units, UnitTrace? trace) = Choose(observer, cancellation);
        double?[] coefficients = Coefficients([.. units.Select(unit => unit.Unit)], trace);
        (ChosenForSteering Unit, double Coefficient)[] steered = [.. units.Zip(coefficients).Where(u => u.Second is not null).Select(u => (u.First, u.Second!.Value))];
        if (steered.Length < units.Count)
            observer.Note($"Note: {string.Join(", ", units.Zip(coefficients).Where(u => u.Second is null).Select(u => u.First.Unit).Take(Named))}{(units.Count - steered.Length > Named ? " and others" : "")} of {units.Count} units are not active on the text, so that --scale {options.Scale} says nothing of them: they were left out; raise --contexts.");
        (ChosenForSteering Unit, double Coefficient)[][] groups = options.Together ? steered.Length == 0 ? [] : [steered] : [.. steered.Select(s => new[] { s })];
        observer.Begin("Steering", (1 + groups.Length) * (long)options.Samples, "samples");
        IReadOnlyList<SteeredSample> unsteered = Continue(null, cancellation);
        List<SteeredUnits> done = [];
        foreach ((ChosenForSteering Unit, double Coefficient)[] group in groups)
        {
            observer.Advance((1 + done.Count) * (long)options.Samples);
            if (cancellation.IsCancellationRequested || Steer(group, cancellation) is not { } result) break;
            done.Add(result);
        }
        observer.Advance((1 + done.Count) * (long)options.Samples);
        return new SteeringResult(input.Run.Path, replacement.Layer.Options.Type, options.Prompt, options, unsteered, done, done.Count < groups.Length ? true : null);
    }

    private (IReadOnlyList<ChosenForSteering>, UnitTrace?) Choose(IRunObserver observer, CancellationToken cancellation)
    {
        if (input.Text is not { } text) return (input.Units!, null);
        observer.Begin("Measuring activations", Math.Min(options.Contexts, text.Count), "contexts");
        var trace = UnitTrace.Measure(model, replacement, text, options.Contexts, new ObservedCount(observer), cancellation);
        return (input.Units ?? [.. trace.MostActive(options.Top!.Value).Select(unit => new ChosenForSteering(unit))], trace);
    }

    /// <summary>What is added to each unit; null where that is a share of an activation it never had.</summary>
    private double?[] Coefficients(int[] units, UnitTrace? trace)
    {
        if (options.Scale == "absolute") return [.. units.Select(_ => (double?)options.Amount)];
        return [.. trace!.CoefficientsWithin(units).Select(own => own.Length == 0 ? (double?)null : options.Amount * (options.Scale == "max" ? own[^1] : own[(int)Math.Ceiling(0.99 * own.Length) - 1]))];
    }

    /// <summary>Null where it was stopped.</summary>
    private SteeredUnits? Steer((ChosenForSteering Unit, double Coefficient)[] units, CancellationToken cancellation)
    {
        var steering = new Steering(units.ToDictionary(u => (long)u.Unit.Unit, u => u.Coefficient));
        string why = string.Join("; ", units.Select(u => u.Unit.Why).OfType<string>());
        var found = new SteeredUnits([.. units.Select(u => u.Unit.Unit)], [.. units.Select(u => u.Coefficient)], why.Length > 0 ? why : null, double.NaN, double.NaN, []);
        if (units.FirstOrDefault(u => !float.IsFinite((float)u.Coefficient)) is { Unit: not null } beyond)
            return found with { Failure = $"{beyond.Coefficient} is more than a float32 holds." };
        try
        {
            IReadOnlyList<SteeredSample> samples = Continue(steering, cancellation);
            if (cancellation.IsCancellationRequested) return null;
            return found with
            {
                Divergence = SteeredText.Measure(model, replacement, input.Prompt, steering, options.Positions == "new"),
                Perplexity = samples.Select(s => s.Perplexity).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average(),
                Samples = samples,
            };
        }
        catch (InvalidOperationException e) when (e is not ObjectDisposedException)
        {
            // The model's predictions are no numbers any more; other units may do better.
            return found with { Failure = e.Message };
        }
    }

    private IReadOnlyList<SteeredSample> Continue(Steering? steering, CancellationToken cancellation)
    {
        var how = new GenerationOptions
        {
            MaximumTokens = options.Tokens,
            Samples = options.Samples,
            EndTokens = input.Model.Tokenizer.EndTokens,
            Sampling = options.Sampling,
        };
        Generated generated;
        using (Splice(steering)) generated = generator.Generate(input.Prompt, how, cancellation: cancellation);
        return [.. generated.Samples.Select(sample => new SteeredSample(sample.Text, Perplexity(sample.Ids)))];
    }

    private IDisposable Splice(Steering? steering) =>
        steering is not null && options.Positions == "new" ? replacement.SpliceAfterPrompt(model, steering) : replacement.Splice(model, steering);

    /// <summary>exp of the mean loss, in float64, of what follows the prompt, under the model as it is.</summary>
    private double Perplexity(IReadOnlyList<int> ids)
    {
        int added = ids.Count - input.Prompt.Count;
        if (added == 0) return double.NaN;
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor tokens = tensor([.. ids.Select(id => (long)id)]).unsqueeze(0).to(model.Device);
        Tensor losses = NextTokenLoss.CrossEntropy(model, model.Forward(tokens), tokens);
        return Math.Exp(losses[0].narrow(0, input.Prompt.Count - 1, added).to(ScalarType.Float64).mean().ToDouble());
    }
}
