using System.Diagnostics;
using System.Text.Json;
using Mxd.Activations;
using Mxd.Interchange;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Metrics;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Training;

/// <summary>
/// Carries a <see cref="PreparedRun"/> out: harvests, trains, logs and saves, in its folder. Stopped at any point it can go on from its newest
/// checkpoint, to the same bits as a run that was never stopped.
/// </summary>
public sealed class TrainingRun : IDisposable
{
    private static readonly TimeSpan checkpointInterval = TimeSpan.FromMinutes(10);

    private readonly PreparedRun run;
    private readonly IRunObserver observer;
    private readonly Stopwatch total = Stopwatch.StartNew();
    private readonly Stopwatch training = new();
    private readonly LanguageModel model;
    private readonly ActivationSource source;
    private readonly ActivationBuffer buffer;
    private readonly ValidationSet validation;
    private readonly Trainer trainer;
    private readonly MetricsLog log;
    private readonly Device device;
    private readonly RunClock earlier = RunClock.Zero;
    private readonly RunEstimate? expected;
    private long trainedHere;
    private TimeSpan lastCheckpoint;

    private TrainingRun(PreparedRun run, IRunObserver observer, ForecastLimits limits, CancellationToken cancellation)
    {
        this.run = run;
        this.observer = observer;
        TrainOptions options = run.Options;
        device = Devices.Parse(options.Device);
        observer.Begin("Loading the language model", run.Model.Identity.Layers, "layers");
        model = run.Model.Load(Dtypes.Parse(options.ModelDtype), device, new Counted(observer, run.Model.Identity.Layers));
        var harvester = new Harvester(model, options.InputHook, options.OutputHook);
        if (RemainingWork.Of(run) is { Training: > 0 } work)
            observer.Expect(expected = new RunForecast(run, harvester, device, limits, observer, cancellation).Measure(work, total.Elapsed));
        source = new ActivationSource(harvester, run.Data.Text, new ContextOrder(run.Data.Text.Count, options.Seed));
        long heldOut = run.Description.Data.ValidationContexts;
        observer.Begin("Harvesting held-out activations", heldOut * options.Context, "tokens");
        validation = ValidationSet.Harvest(harvester, run.Data.HeldOut, heldOut, options.HarvestBatch, observer, cancellation);
        buffer = new ActivationBuffer(source, options.Buffer, options.HarvestBatch, options.Contexts, options.Seed);
        ILayer layer = LayerTypes.Get(options.Type).Initialise(run.Description.Layer, options.Seed, device);
        var schedule = LearningRateSchedule.Parse(options.Schedule, options.LearningRate, options.Warmup, options.Steps);
        trainer = new Trainer(layer, schedule, Precisions.Parse(options.Precision));
        long metricsBytes = 0;
        if (run.Checkpoint is { } checkpoint)
        {
            CheckpointHeader header = CheckpointFile.Restore(checkpoint, trainer, buffer);
            (earlier, metricsBytes) = (header.Clock, header.MetricsBytes);
            if (header.Steps != options.Steps && options.Schedule != "constant")
                observer.Note($"Note: the run was to have {header.Steps} steps and now has {options.Steps}; from here the schedule '{options.Schedule}' is that of the longer run.");
            observer.Note(header.Step < options.Steps
                ? $"Going on from step {header.Step} of {options.Steps}."
                : $"The run has made its {options.Steps} steps already: raise --tokens to make it longer.");
        }
        log = new MetricsLog(run.Folder.MetricsFile, metricsBytes);
    }

    private TrainOptions Options => run.Options;

    private long Step => trainer.Optimizer.Steps;

    /// <summary>Carries the run out to its end.</summary>
    /// <exception cref="OperationCanceledException">It was stopped; a checkpoint was saved.</exception>
    public static TrainResult Execute(PreparedRun run, IRunObserver observer, CancellationToken cancellation = default) =>
        Execute(run, observer, ForecastLimits.Default, cancellation);

    internal static TrainResult Execute(PreparedRun run, IRunObserver observer, ForecastLimits limits, CancellationToken cancellation)
    {
        run.Enter();
        AtomicFile.WriteAllText(run.Folder.DescriptionFile, JsonSerializer.Serialize(run.Description, Json.Indented));
        using var work = new TrainingRun(run, observer, limits, cancellation);
        return work.Execute(cancellation);
    }

    public void Dispose()
    {
        log.Dispose();
        trainer.Layer.Dispose();
        trainer.Dispose();
        buffer.Dispose();
        validation.Dispose();
        model.Dispose();
    }

    private TrainResult Execute(CancellationToken cancellation)
    {
        observer.Begin("Training", Options.Steps * Options.Batch, "tokens");
        observer.Advance(Step * Options.Batch);
        lastCheckpoint = total.Elapsed;
        Reconstruction? measured = null;
        try
        {
            while (Step < Options.Steps)
            {
                cancellation.ThrowIfCancellationRequested();
                StepResult result = TrainStep(cancellation);
                bool last = Step == Options.Steps;
                measured = last || Step % Options.LogEvery == 0 || Step == 1 ? Log(result) : null;
                observer.Advance(Step * Options.Batch);
                if (last || CheckpointIsDue()) SaveCheckpoint();
            }
        }
        catch (OperationCanceledException)
        {
            SaveCheckpoint();
            throw;
        }
        return Finish(measured ?? validation.Measure(trainer.Layer));
    }

    private StepResult TrainStep(CancellationToken cancellation)
    {
        using DisposeScope scope = NewDisposeScope();
        using ActivationPairs pairs = buffer.Next(Options.Batch, cancellation);
        training.Start();
        try
        {
            StepResult result = trainer.Step(pairs.Inputs.to(device), pairs.Outputs.to(device));
            trainedHere += Options.Batch;
            return result;
        }
        catch (NotFiniteNumberException e)
        {
            throw new MxdInputException($"{e.Message.TrimEnd('.')} at step {Step + 1}: lower --lr or raise --warmup.", e);
        }
        finally
        {
            training.Stop();
        }
    }

    private Reconstruction Log(StepResult result)
    {
        Reconstruction measured = validation.Measure(trainer.Layer);
        long silent = (trainer.Firings == 0).sum().ToInt64();
        trainer.Firings.zero_();
        RunClock clock = Clock();
        log.Add(new MetricsLine(
            Step, Step * Options.Batch, result.LearningRate, result.Loss, result.L0, silent, measured,
            clock.TokensPerSecond, clock.HarvestTokensPerSecond, clock.TrainingTokensPerSecond));
        observer.Note(FormattableString.Invariant(
            $"step {Step,6}  loss {result.Loss.Total:f5}  FVU {measured.Fvu:f4}  L0 {measured.L0:f1}  dead {measured.DeadFraction:p1}  {clock.TokensPerSecond:f0} tokens/s"));
        return measured;
    }

    private bool CheckpointIsDue() => Options.CheckpointEvery is { } steps ? Step % steps == 0 : total.Elapsed - lastCheckpoint > checkpointInterval;

    /// <summary>The layer first, then the checkpoint: whatever moment the process dies at, the run can go on.</summary>
    private void SaveCheckpoint()
    {
        RequireFiniteWeights();
        LayerOrigin origin = run.Description.Origin with { TrainedTokens = Step * Options.Batch };
        NativeLayer.Save(run.Folder.LayerFile, trainer.Layer, origin);
        using BufferState state = buffer.Save(withRows: Step < Options.Steps && run.Description.Plan.Buffer <= CheckpointFile.SavedRowsLimit);
        CheckpointFile.Save(
            run.Folder.CheckpointsFolder, trainer, state,
            new CheckpointHeader(Step, Options.Steps, state.NextContext, state.Refills, state.HalfLine, state.Batches, log.Length, Clock()));
        lastCheckpoint = total.Elapsed;
    }

    /// <summary>
    /// A checkpoint replaces the one before, so it must be worth going on from. The least and the largest of values are not numbers where one is not, and
    /// finding them takes no memory.
    /// </summary>
    private void RequireFiniteWeights()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (Parameter parameter in trainer.Layer.Parameters)
            if (!float.IsFinite(parameter.Value.min().ToSingle()) || !float.IsFinite(parameter.Value.max().ToSingle()))
                throw new InvalidOperationException($"{parameter.Key} is no longer finite at step {Step}: lower --lr or raise --warmup.");
    }

    private RunClock Clock() => earlier.Plus(
        new RunClock(total.Elapsed.TotalSeconds, source.Elapsed.TotalSeconds, source.Tokens, training.Elapsed.TotalSeconds, trainedHere));

    private TrainResult Finish(Reconstruction measured)
    {
        RunClock clock = Clock();
        var result = new TrainResult(
            run.Folder.Path,
            Options.Type,
            trainer.Layer.ParameterCount(),
            Step * Options.Batch,
            clock.TokensPerSecond,
            clock.HarvestTokensPerSecond,
            clock.TrainingTokensPerSecond,
            ProcessMemory.Peak,
            run.Description.Plan.Total,
            clock.TotalSeconds,
            total.Elapsed.TotalSeconds,
            expected,
            measured);
        AtomicFile.WriteAllText(run.Folder.ResultFile, JsonSerializer.Serialize(result, Json.Indented));
        return result;
    }

    /// <summary>Turns a share of the work into a count of it.</summary>
    private sealed class Counted(IRunObserver observer, long count) : IProgress<double>
    {
        public void Report(double value) => observer.Advance((long)Math.Round(value * count));
    }
}
