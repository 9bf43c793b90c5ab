using System.Diagnostics;
using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Training;

/// <summary>How much of a run measuring it beforehand may take.</summary>
/// <param name="AtMost">Altogether.</param>
/// <param name="Share">Of the run.</param>
internal sealed record ForecastLimits(TimeSpan AtMost, double Share)
{
    public static ForecastLimits Default { get; } = new(TimeSpan.FromSeconds(5), 0.05);

    public static ForecastLimits None { get; } = new(TimeSpan.Zero, 0);
}

/// <summary>
/// Measures, before runs train, how fast they will be: a batch of their text through the language model, and for each kind of layer a few steps of one of its
/// size on random data. All are thrown away, and the runs' own generators, buffer and layers do not exist yet: nothing they compute depends on this.
/// Steps in which AuxK has dead units, which take longer, are not among them. A layer and its optimizer are gone before the next are made, so that the memory planned is enough.
/// </summary>
/// <param name="members">The runs.</param>
/// <param name="harvest">Takes so many contexts through the language model, or from the disk.</param>
/// <param name="limits">How much time it may take.</param>
/// <param name="harvestsAhead">Does the language model run beside training?</param>
/// <param name="isStored">Do activations come from disk?</param>
/// <param name="observer">Hears of progress.</param>
/// <param name="cancellation">Ends it between two passes.</param>
internal sealed class RunForecast(
    IReadOnlyList<ForecastMember> members, Action<int> harvest, ForecastLimits limits, bool harvestsAhead, bool isStored, IRunObserver observer, CancellationToken cancellation)
{
    /// <summary>Tokens of a step that is to be warm, or to show what a step costs however few its tokens.</summary>
    private const long FewTokens = 256;

    /// <summary>Assumed, before anything is measured, of drawing a weight and touching its pages for the first time.</summary>
    private const double SecondsPerWeight = 15e-9;

    /// <summary>Operations a second that steps in float32 hardly exceed: of one core, and of an accelerator.</summary>
    private const double MostFlopsOfACore = 1e11, MostFlopsOfAnAccelerator = 1e14;

    private const int HarvestPasses = 3, LayerPasses = 9, FewContexts = 4;

    /// <summary>Of a step, where its parts' times contradict each other.</summary>
    private const double LeastShareOfTokens = 0.1;

    /// <summary>Of so many kinds of layers each may take as much as the layer of a single run.</summary>
    private const int MostKinds = 4;

    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly TrainOptions shared = members[0].Options;
    private readonly Device device = Devices.Parse(members[0].Options.Device);
    private double allowed, taken;
    private int passes;

    /// <param name="harvestTokens">To go through the language model.</param>
    /// <param name="memoryBytes">As planned.</param>
    /// <param name="spent">Time of this sitting so far.</param>
    /// <returns>Null where it would take more than <see cref="ForecastLimits"/> allow.</returns>
    public RunEstimate? Measure(long harvestTokens, long memoryBytes, TimeSpan spent)
    {
        long affordable = (long)(limits.Share / 2 * harvestTokens) / shared.Context;
        if (affordable < 2) return null;
        int contexts = (int)Math.Min(shared.HarvestBatch, affordable);
        ForecastMember[] kinds = [.. members.DistinctBy(m => m.Kind)];
        observer.Begin("Measuring speed", HarvestPasses + LayerPasses * kinds.Length, "passes");
        double rate = HarvestRate(contexts);
        double most = limits.AtMost.TotalSeconds * Math.Min(kinds.Length, MostKinds);
        allowed = Math.Min(most, limits.Share * Math.Max(harvestTokens / rate, LeastTraining()));
        if (LayerSeconds(kinds, most) is not { } layers) return null;
        long tokens = members.Sum(m => m.Work.Training);
        double harvesting = harvestTokens / rate, both = harvestsAhead ? Math.Max(harvesting, layers.Training) : harvesting + layers.Training;
        double seconds = (spent + clock.Elapsed).TotalSeconds + both + layers.Measuring;
        return new RunEstimate(tokens, tokens / seconds, rate, tokens / layers.Training, seconds, memoryBytes);
    }

    /// <summary>Seconds that all members' steps and measurements will take; kinds for whose measuring no time is left are judged by their operations. Null where not one could be measured.</summary>
    private (double Training, double Measuring)? LayerSeconds(ForecastMember[] kinds, double most)
    {
        Dictionary<object, (double Training, double Measuring)> rates = [];
        for (int i = 0; i < kinds.Length; i++)
            if (LayerRates(kinds[i], kinds.Length - i, most) is { } measured) rates[kinds[i].Kind] = measured;
        if (rates.Count == 0) return null;
        ForecastMember[] known = [.. kinds.Where(k => rates.ContainsKey(k.Kind))];
        double flops = known.Average(k => (double)k.Flops), training = known.Average(k => 1 / rates[k.Kind].Training), measuring = known.Average(k => 1 / rates[k.Kind].Measuring);
        foreach (ForecastMember kind in kinds.Except(known)) rates[kind.Kind] = (flops / kind.Flops / training, flops / kind.Flops / measuring);
        return (members.Sum(m => m.Work.Training / rates[m.Kind].Training), members.Sum(m => m.Work.Measured / rates[m.Kind].Measuring));
    }

    /// <summary>Tokens a second, of as many contexts at once as half the time allows: of one alone it is less than of the run's harvest batches.</summary>
    private double HarvestRate(int contexts)
    {
        Time(() => harvest(1), isFirst: true);
        double one = Time(() => harvest(1), isFirst: true);
        int count = (int)Math.Clamp(limits.AtMost.TotalSeconds / 2 / one, Math.Min(FewContexts, contexts), contexts);
        return count * shared.Context / Time(() => harvest(count));
    }

    /// <summary>Seconds that the training steps take at the least: what a run may be said to take where its activations come from disk.</summary>
    private double LeastTraining() => isStored ? members.Sum(m => (double)m.Work.Training * m.Flops) / MostFlops : 0;

    private double MostFlops => device.type == DeviceType.CPU ? Environment.ProcessorCount * MostFlopsOfACore : MostFlopsOfAnAccelerator;

    /// <summary>Tokens a second of training steps and of measuring the layer on held-out tokens.</summary>
    /// <param name="member">Of the kind.</param>
    /// <param name="left">Kinds that are not measured yet, this one included: each gets its part of the time.</param>
    /// <param name="most">Seconds that all of it may take at the most.</param>
    private (double Training, double Measuring)? LayerRates(ForecastMember member, int left, double most)
    {
        (TrainOptions asked, LayerOptions options) = (member.Options, member.Layer);
        LayerType type = LayerTypes.Get(options.Type);
        double begin = taken, drawing = type.ParameterCount(options) * SecondsPerWeight;
        if (drawing > Remaining() / 2) return null;
        taken += drawing;
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = type.Initialise(options, asked.Seed, device);
        // A rate of zero: what the steps compute stays finite, and takes as long.
        using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", 0, 0, 1), Precisions.Parse(asked.Precision));
        (Tensor x, Tensor target) = RandomRows(asked, options);
        long few = Math.Min(FewTokens, asked.Batch);
        Time(() => Step(few), isFirst: true);
        double small = Time(() => Step(few)), update = UpdateSeconds(trainer, new TrainingBatch(x.narrow(0, 0, few), target.narrow(0, 0, few), Precision: Precisions.Parse(asked.Precision)));
        // By now it is known better how long the runs will take.
        allowed = Math.Clamp(limits.Share * members.Sum(m => m.Work.Training) * TokenSeconds(update, few, small), allowed, Math.Max(allowed, most));
        long tokens = TokensWithin(Remaining() / 2, update, few, small, asked.Batch);
        double large = tokens == few ? small : Time(() => Step(tokens));
        long rows = Math.Min(tokens, ValidationSet.RowsAtOnce(options, device));
        (HookPoint input, HookPoint output) = (asked.InputHook, asked.OutputHook);
        using var measured = new ValidationSet(new ActivationRows([input, output], [x.narrow(0, 0, rows), target.narrow(0, 0, rows)]));
        Time(() => measured.Measure(layer, input, output), isFirst: true);
        double measuring = Time(() => measured.Measure(layer, input, output));
        return (asked.Batch / StepSeconds(update, tokens, large, asked.Batch), rows / measuring);

        void Step(long count) => trainer.Step(x.narrow(0, 0, count), target.narrow(0, 0, count));

        double Remaining() => begin + (allowed - begin) / left - taken;
    }

    /// <summary>What an update costs, that of a few tokens: the least of two, so that one pass held up by other work does not hide what tokens cost.</summary>
    private double UpdateSeconds(Trainer trainer, TrainingBatch batch)
    {
        if (trainer.Layer is IFittedLayer) return 0;
        return Math.Min(Once(), Once());

        double Once()
        {
            using DisposeScope scope = NewDisposeScope();
            Time(() => trainer.Layer.Differentiate(batch));
            return Time(() =>
            {
                trainer.Optimizer.Step(0);
                // An accelerator has only been asked: reading a value waits for it.
                if (device.type != DeviceType.CPU) trainer.Optimizer.Parameters[0].Value.flatten()[0].cpu();
            });
        }
    }

    /// <summary>A step's time is a + b B: the update, a, costs the same however many tokens there are. So does the time of B tokens follow from that of some.</summary>
    internal static double StepSeconds(double update, long tokens, double seconds, long batch) => seconds + TokenSeconds(update, tokens, seconds) * (batch - tokens);

    /// <summary>Tokens of a step, between those that were measured and all, that takes no longer than it may.</summary>
    internal static long TokensWithin(double allowed, double update, long few, double small, long batch) =>
        (long)Math.Clamp((allowed - update) / TokenSeconds(update, few, small), few, batch);

    /// <summary>b.</summary>
    private static double TokenSeconds(double update, long tokens, double seconds) => Math.Max(seconds - update, LeastShareOfTokens * seconds) / tokens;

    private (Tensor X, Tensor Target) RandomRows(TrainOptions asked, LayerOptions options)
    {
        using Generator generator = Seeds.Generator(asked.Seed, "forecast");
        Tensor x = randn(asked.Batch, options.InputWidth, generator: generator).to(device);
        return (x, LayerTypes.Get(options.Type).IsAutoencoder ? x : randn(asked.Batch, options.OutputWidth, generator: generator).to(device));
    }

    /// <summary>Seconds of a pass. What the first of a kind takes beyond the work, compiling it above all, is only taken earlier than it would be.</summary>
    private double Time(Action pass, bool isFirst = false)
    {
        cancellation.ThrowIfCancellationRequested();
        long start = Stopwatch.GetTimestamp();
        pass();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (!isFirst) taken += seconds;
        observer.Advance(++passes);
        return seconds;
    }
}
