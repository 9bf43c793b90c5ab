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
    private readonly TrainingGroup group;
    private readonly TrainingMember member;
    private readonly MetricsLog log;
    private readonly RunClock earlier = RunClock.Zero;
    private readonly RunEstimate? expected;
    private TimeSpan lastCheckpoint;

    private TrainingRun(PreparedRun run, IRunObserver observer, ForecastLimits limits, bool? harvestsAhead, CancellationToken cancellation)
    {
        this.run = run;
        this.observer = observer;
        group = run.Store is { } store
            ? Begin(store, limits, ref expected, cancellation)
            : Begin(limits, harvestsAhead, ref expected, cancellation);
        member = group.Members[0];
        try
        {
            log = new MetricsLog(run.Folder.MetricsFile, Restore(ref earlier));
        }
        catch
        {
            group.Dispose();
            throw;
        }
    }

    private TrainOptions Options => run.Options;

    private long Step => member.Step;

    /// <summary>Carries the run out to its end.</summary>
    /// <exception cref="OperationCanceledException">It was stopped; where training had begun, a checkpoint was saved.</exception>
    public static TrainResult Execute(PreparedRun run, IRunObserver observer, CancellationToken cancellation = default) =>
        Execute(run, observer, harvestsAhead: null, cancellation);

    /// <summary>The same, with the language model beside training or not; the bits are the same.</summary>
    /// <param name="run">The run.</param>
    /// <param name="observer">Hears how it goes.</param>
    /// <param name="harvestsAhead">Null where <see cref="HarvestPolicy"/> is to decide.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="OperationCanceledException">It was stopped; where training had begun, a checkpoint was saved.</exception>
    public static TrainResult Execute(PreparedRun run, IRunObserver observer, bool? harvestsAhead, CancellationToken cancellation = default) =>
        Execute(run, observer, ForecastLimits.Default, harvestsAhead, cancellation);

    internal static TrainResult Execute(
        PreparedRun run, IRunObserver observer, ForecastLimits limits, bool? harvestsAhead = null, CancellationToken cancellation = default)
    {
        run.Enter();
        AtomicFile.WriteAllText(run.Folder.DescriptionFile, JsonSerializer.Serialize(run.Description, Json.Indented));
        using var work = new TrainingRun(run, observer, limits, harvestsAhead, cancellation);
        return work.Execute(cancellation);
    }

    public void Dispose()
    {
        log.Dispose();
        group.Dispose();
    }

    private TrainingGroup Begin(ForecastLimits limits, bool? harvestsAhead, ref RunEstimate? estimate, CancellationToken cancellation)
    {
        observer.Begin("Loading the language model", 0, "layers");
        LanguageModel model = run.TakeModel(cancellation);
        bool isAhead = harvestsAhead ?? HarvestPolicy.HarvestsAhead(model.Device);
        try
        {
            var harvester = new Harvester(model, Options.InputHook, Options.OutputHook);
            estimate = Forecast(contexts => Harvest(harvester, contexts), limits, isAhead, cancellation);
        }
        catch
        {
            model.Dispose();
            throw;
        }
        return TrainingGroup.Begin(model, [Options], run.Data, observer, isAhead, cancellation);
    }

    private TrainingGroup Begin(ActivationStore store, ForecastLimits limits, ref RunEstimate? estimate, CancellationToken cancellation)
    {
        using (StoredActivations rows = store.Read([Options.InputHook, Options.OutputHook]))
            estimate = Forecast(contexts => rows.Harvest(0, (int)Math.Min(contexts, store.Harvest.Contexts)).Dispose(), limits, isAhead: false, cancellation);
        return TrainingGroup.Begin(store, [Options]);
    }

    /// <summary>A batch of the run's text through the language model.</summary>
    private void Harvest(Harvester harvester, int contexts)
    {
        using DisposeScope scope = NewDisposeScope();
        using ActivationRows rows = harvester.Harvest(run.Data.Text.ToTensor(Enumerable.Range(0, contexts).Select(i => (long)i % run.Data.Text.Count)));
        // On an accelerator the work is only done when its result is asked for.
        rows.Values[^1].cpu();
    }

    /// <summary>How fast it will be.</summary>
    private RunEstimate? Forecast(Action<int> harvest, ForecastLimits limits, bool isAhead, CancellationToken cancellation)
    {
        if (RemainingWork.Of(run) is not { Training: > 0 } work) return null;
        RunEstimate? estimate = new RunForecast(run, harvest, Devices.Parse(Options.Device), limits, isAhead, observer, cancellation).Measure(work, total.Elapsed);
        observer.Expect(estimate);
        return estimate;
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
        return Finish(measured ?? member.Measure(group.Harvest.Validation));
    }

    /// <summary>Goes on from the checkpoint, if there is one; returns how much of the metrics file was written by then.</summary>
    private long Restore(ref RunClock clock)
    {
        if (run.Checkpoint is not { } checkpoint) return 0;
        CheckpointHeader header = CheckpointFile.Restore(checkpoint, member.Trainer, group.Harvest.Buffer);
        clock = header.Clock;
        if (header.Steps != Options.Steps && Options.Schedule != "constant")
            observer.Note($"Note: the run was to have {header.Steps} steps and now has {Options.Steps}; from here the schedule '{Options.Schedule}' is that of the longer run.");
        observer.Note(header.Step < Options.Steps
            ? $"Going on from step {header.Step} of {Options.Steps}."
            : $"The run has made its {Options.Steps} steps already: raise --tokens to make it longer.");
        return header.MetricsBytes;
    }

    private StepResult TrainStep(CancellationToken cancellation)
    {
        StepResult? result = group.Advance(cancellation)[0];
        return result
            ?? throw new MxdInputException($"{member.Failure!.Message.TrimEnd('.')} at step {Step + 1}: lower --lr or raise --warmup.", member.Failure);
    }

    private Reconstruction Log(StepResult result)
    {
        Reconstruction measured = member.Measure(group.Harvest.Validation);
        long silent = (member.Trainer.Firings == 0).sum().ToInt64();
        member.Trainer.Firings.zero_();
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
        NativeLayer.Save(run.Folder.LayerFile, member.Trainer.Layer, origin);
        using BufferState state = group.Harvest.Buffer.Save(withRows: Step < Options.Steps && run.Description.Plan.Buffer <= CheckpointFile.SavedRowsLimit);
        CheckpointFile.Save(
            run.Folder.CheckpointsFolder, member.Trainer, state,
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
        foreach (Parameter parameter in member.Trainer.Layer.Parameters)
            if (!float.IsFinite(parameter.Value.min().ToSingle()) || !float.IsFinite(parameter.Value.max().ToSingle()))
                throw new InvalidOperationException($"{parameter.Key} is no longer finite at step {Step}: lower --lr or raise --warmup.");
    }

    private RunClock Clock() => earlier.Plus(group.Clock(total.Elapsed));

    private TrainResult Finish(Reconstruction measured)
    {
        RunClock clock = Clock();
        var result = new TrainResult(
            run.Folder.Path,
            Options.Type,
            member.Trainer.Layer.ParameterCount(),
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
}
