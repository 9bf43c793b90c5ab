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
/// numbers as the text that is not steered. Of several layers, all are in place at once.
/// </summary>
/// <param name="model">The language model.</param>
/// <param name="layers">The input's runs, in their order.</param>
/// <param name="input">What is steered.</param>
/// <param name="options">How.</param>
public sealed class SteeringExperiment(LanguageModel model, ReplacementSet layers, SteerInput input, SteerOptions options)
{
    /// <summary>Units that a note names.</summary>
    private const int Named = 10;

    private readonly TextGenerator generator = new(model, input.Model.Tokenizer);

    private readonly int[] numbers = [.. layers.Layers.Select(layer => layer.Output.Layer)];

    private bool IsSeveral => numbers.Length > 1;

    /// <summary>Steers all units, one after another or together. Stopped, it returns what there is by then.</summary>
    public SteeringResult Run(IRunObserver observer, CancellationToken cancellation)
    {
        UnitTrace[] traces = Measure(observer, cancellation);
        IReadOnlyList<ChosenForSteering> units = input.Units ?? [.. traces.SelectMany((trace, place) => trace.MostActive(options.Top!.Value).Select(unit => new ChosenForSteering(place, unit)))];
        double?[] coefficients = Coefficients(units, traces);
        (ChosenForSteering Unit, double Coefficient)[] steered = [.. units.Zip(coefficients).Where(u => u.Second is not null).Select(u => (u.First, u.Second!.Value))];
        if (steered.Length < units.Count)
            observer.Note($"Note: {string.Join(", ", NamesOf([.. units.Zip(coefficients).Where(u => u.Second is null).Select(u => u.First).Take(Named)]))}{(units.Count - steered.Length > Named ? " and others" : "")} of {units.Count} units are not active on the text, so that --scale {options.Scale} says nothing of them: they were left out; raise --contexts.");
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
        SteeredRun[] runs = [.. input.Runs.Select((run, i) => new SteeredRun(run.Path, layers.Layers[i].Layer.Options.Type, numbers[i]))];
        return new SteeringResult(
            runs[0].Run, string.Join(" + ", runs.Select(run => run.Type).Distinct()), options.Prompt, options, unsteered, done, done.Count < groups.Length ? true : null, IsSeveral ? runs : null);
    }

    /// <summary>What each layer's units do on the text, with the others in place; nothing where that is not asked for.</summary>
    private UnitTrace[] Measure(IRunObserver observer, CancellationToken cancellation)
    {
        if (input.Text is not { } text) return [];
        return [.. layers.Layers.Select((layer, place) =>
        {
            observer.Begin($"Measuring activations{(IsSeveral ? $" of layer {numbers[place]}" : "")}", Math.Min(options.Contexts, text.Count), "contexts");
            using IDisposable others = layers.SpliceOthers(model, place);
            return UnitTrace.Measure(model, layer, text, options.Contexts, new ObservedCount(observer), cancellation);
        })];
    }

    /// <summary>What is added to each unit; null where that is a share of an activation it never had.</summary>
    private double?[] Coefficients(IReadOnlyList<ChosenForSteering> units, UnitTrace[] traces)
    {
        if (options.Scale == "absolute") return [.. units.Select(_ => (double?)options.Amount)];
        Dictionary<(int, int), float[]> all = [];
        foreach (IGrouping<int, int> of in units.GroupBy(unit => unit.Place, unit => unit.Unit))
            foreach ((int unit, float[] own) in of.Zip(traces[of.Key].CoefficientsWithin([.. of]))) all[(of.Key, unit)] = own;
        return [.. units.Select(unit => all[(unit.Place, unit.Unit)] is { Length: > 0 } own ? options.Amount * (options.Scale == "max" ? own[^1] : own[(int)Math.Ceiling(0.99 * own.Length) - 1]) : (double?)null)];
    }

    private IReadOnlyList<string> NamesOf(IReadOnlyList<ChosenForSteering> units) => SteeredUnits.NamesOf([.. units.Select(u => u.Unit)], LayersOf(units));

    private int[]? LayersOf(IReadOnlyList<ChosenForSteering> units) => IsSeveral ? [.. units.Select(u => numbers[u.Place])] : null;

    /// <summary>Null where it was stopped.</summary>
    private SteeredUnits? Steer((ChosenForSteering Unit, double Coefficient)[] units, CancellationToken cancellation)
    {
        Dictionary<int, Steering> steering = units.GroupBy(u => u.Unit.Place).ToDictionary(of => of.Key, of => new Steering(of.ToDictionary(u => (long)u.Unit.Unit, u => u.Coefficient)));
        string why = string.Join("; ", units.Select(u => u.Unit.Why).OfType<string>());
        var found = new SteeredUnits(
            [.. units.Select(u => u.Unit.Unit)], [.. units.Select(u => u.Coefficient)], why.Length > 0 ? why : null, double.NaN, double.NaN, [], Layers: LayersOf([.. units.Select(u => u.Unit)]));
        if (units.FirstOrDefault(u => !float.IsFinite((float)u.Coefficient)) is { Unit: not null } beyond)
            return found with { Failure = $"{beyond.Coefficient} is more than a float32 holds." };
        try
        {
            IReadOnlyList<SteeredSample> samples = Continue(steering, cancellation);
            if (cancellation.IsCancellationRequested) return null;
            return found with
            {
                Divergence = SteeredText.Measure(model, layers, input.Prompt, steering, options.Positions == "new"),
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

    private IReadOnlyList<SteeredSample> Continue(Dictionary<int, Steering>? steering, CancellationToken cancellation)
    {
        var how = new GenerationOptions
        {
            MaximumTokens = options.Tokens,
            Samples = options.Samples,
            EndTokens = input.Model.Tokenizer.EndTokens,
            Sampling = options.Sampling,
        };
        Generated generated;
        using (layers.Splice(model, steering, options.Positions == "new")) generated = generator.Generate(input.Prompt, how, cancellation: cancellation);
        return [.. generated.Samples.Select(sample => new SteeredSample(sample.Text, Perplexity(sample.Ids)))];
    }

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
