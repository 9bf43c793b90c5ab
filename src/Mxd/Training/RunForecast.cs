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
/// Measures, before a run trains, how fast it will be: a batch of its text through its language model, and a few steps of a layer of its kind and
/// size on random data. Both are thrown away, and the run's own generators, buffer and layer do not exist yet: nothing it computes depends on this.
/// Steps in which AuxK has dead units, which take longer, are not among them. The layer and its optimizer are gone before the run's own are made, so that the memory planned is enough.
/// </summary>
internal sealed class RunForecast(PreparedRun run, Action<int> harvest, Device device, ForecastLimits limits, bool harvestsAhead, IRunObserver observer, CancellationToken cancellation)
{
    /// <summary>Tokens of a step that is to be warm, or to show what a step costs however few its tokens.</summary>
    private const long FewTokens = 256;

    /// <summary>Assumed, before anything is measured, of drawing a weight and touching its pages for the first time.</summary>
    private const double SecondsPerWeight = 15e-9;

    /// <summary>Operations a second that no step here exceeds: sixteen cores reach as many.</summary>
    private const double MostFlops = 1e12;

    private const int Passes = 8, FewContexts = 4;

    private readonly Stopwatch clock = Stopwatch.StartNew();
    private double taken;
    private int passes;

    private TrainOptions Options => run.Options;

    /// <param name="work">What there is to do.</param>
    /// <param name="spent">Time of this sitting so far.</param>
    /// <returns>Null where it would take more than <see cref="ForecastLimits"/> allow.</returns>
    public RunEstimate? Measure(RemainingWork work, TimeSpan spent)
    {
        long affordable = (long)(limits.Share / 2 * work.Harvest) / Options.Context;
        if (affordable < 2) return null;
        int contexts = (int)Math.Min(Options.HarvestBatch, affordable);
        observer.Begin("Measuring speed", Passes, "passes");
        double rate = HarvestRate(contexts);
        double allowed = Math.Min(limits.AtMost.TotalSeconds, limits.Share * Math.Max(work.Harvest / rate, LeastTraining(work)));
        if (LayerRates(allowed) is not { } layer) return null;
        double harvesting = work.Harvest / rate, training = work.Training / layer.Training;
        double both = harvestsAhead ? Math.Max(harvesting, training) : harvesting + training;
        double seconds = (spent + clock.Elapsed).TotalSeconds + both + work.Measured / layer.Measuring;
        return new RunEstimate(work.Training, work.Training / seconds, rate, layer.Training, seconds, run.Description.Plan.Total);
    }

    /// <summary>Tokens a second, of as many contexts at once as half the time allows: of one alone it is less than of the run's harvest batches.</summary>
    private double HarvestRate(int contexts)
    {
        Time(() => harvest(1), isFirst: true);
        double one = Time(() => harvest(1), isFirst: true);
        int count = (int)Math.Clamp(limits.AtMost.TotalSeconds / 2 / one, Math.Min(FewContexts, contexts), contexts);
        return count * Options.Context / Time(() => harvest(count));
    }

    /// <summary>Seconds that the training steps take at the least: what a run may be said to take where its activations come from disk.</summary>
    private double LeastTraining(RemainingWork work) =>
        run.Store is null ? 0 : work.Training * LayerCost.Of(run.Description.Layer, 1).TrainingFlops.Sparse / MostFlops;

    /// <summary>Tokens a second of training steps and of measuring the layer on held-out tokens.</summary>
    private (double Training, double Measuring)? LayerRates(double allowed)
    {
        LayerOptions options = run.Description.Layer;
        LayerType type = LayerTypes.Get(options.Type);
        double drawing = type.ParameterCount(options) * SecondsPerWeight;
        if (drawing > (allowed - taken) / 2) return null;
        taken += drawing;
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = type.Initialise(options, Options.Seed, device);
        // A rate of zero: what the steps compute stays finite, and takes as long.
        using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", 0, 0, 1), Precisions.Parse(Options.Precision));
        (Tensor x, Tensor target) = RandomRows(options);
        long few = Math.Min(FewTokens, Options.Batch);
        Time(() => Step(few), isFirst: true);
        double small = Time(() => Step(few));
        // Where no time is left for a larger step, this one must do.
        long tokens = (long)Math.Clamp((allowed - taken) / 2 / small * few, few, Options.Batch);
        double large = tokens == few ? small : Time(() => Step(tokens));
        long rows = Math.Min(tokens, ValidationSet.RowsAtOnce(options, device));
        (HookPoint input, HookPoint output) = (Options.InputHook, Options.OutputHook);
        using var measured = new ValidationSet(new ActivationRows([input, output], [x.narrow(0, 0, rows), target.narrow(0, 0, rows)]));
        Time(() => measured.Measure(layer, input, output), isFirst: true);
        double measuring = Time(() => measured.Measure(layer, input, output));
        return (Options.Batch / StepSeconds(few, small, tokens, large, Options.Batch), rows / measuring);

        void Step(long count) => trainer.Step(x.narrow(0, 0, count), target.narrow(0, 0, count));
    }

    /// <summary>A step's time is a + b B: the update costs the same however many tokens there are.</summary>
    internal static double StepSeconds(long few, double small, long many, double large, long batch)
    {
        if (many == batch) return large;
        double perToken = many >= 2 * few && large > small ? (large - small) / (many - few) : large / many;
        return large + perToken * (batch - many);
    }

    private (Tensor X, Tensor Target) RandomRows(LayerOptions options)
    {
        using Generator generator = Seeds.Generator(Options.Seed, "forecast");
        Tensor x = randn(Options.Batch, options.InputWidth, generator: generator).to(device);
        return (x, LayerTypes.Get(options.Type).IsAutoencoder ? x : randn(Options.Batch, options.OutputWidth, generator: generator).to(device));
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
