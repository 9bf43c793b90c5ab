using System.Text.Json;
using Mxd.Activations;
using Mxd.Formats.TensorBoard;
using Mxd.Interchange;
using Mxd.Layers;
using Mxd.Metrics;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Training;

/// <summary>A member of a group whose course is kept in a run's folder: what was measured, checkpoints, its layer, its result.</summary>
internal sealed class RecordedMember : IDisposable
{
    private readonly RunEntry run;
    private readonly TrainingMember member;
    private readonly SharedHarvest harvest;
    private readonly MetricsLog log;
    private readonly EventLog events;
    private readonly RunClock earlier = RunClock.Zero;
    private (long Step, Reconstruction Value)? measured;

    /// <summary>Goes on from the run's checkpoint, if it has one; the buffer is not touched.</summary>
    public RecordedMember(RunEntry run, TrainingMember member, SharedHarvest harvest)
    {
        (this.run, this.member, this.harvest) = (run, member, harvest);
        if (run.Checkpoint is { } checkpoint)
        {
            Restored = CheckpointFile.RestoreTrainer(checkpoint, member.Trainer);
            earlier = Restored.Clock;
        }
        log = new MetricsLog(run.Folder.MetricsFile, Restored?.MetricsBytes ?? 0);
        try
        {
            events = new EventLog(run.Folder.Path, Restored?.Step ?? 0);
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    public RunEntry Run => run;

    /// <summary>What the checkpoint said that it went on from.</summary>
    public CheckpointHeader? Restored { get; }

    public TrainOptions Options => run.Options;

    public long Step => member.Step;

    public bool IsDone => Step >= Options.Steps;

    /// <summary>Why it will not come to its end, a line.</summary>
    public string? Failure { get; private set; }

    /// <summary>Was this the step to measure after?</summary>
    public bool IsLogged => IsDone || Step % Options.LogEvery == 0 || Step == 1;

    /// <summary>Takes note where the member has failed in its last step.</summary>
    /// <returns>Has it?</returns>
    public bool NoticeFailure()
    {
        if (Failure is not null || member.Failure is not { } failure) return false;
        Failure = $"{failure.Message.TrimEnd('.')} at step {Step + 1}: lower --lr or raise --warmup.";
        return true;
    }

    public MetricsLine Log(StepResult result, TimeSpan total)
    {
        using DisposeScope scope = NewDisposeScope();
        Reconstruction now = member.Measure(harvest.Validation);
        measured = (Step, now);
        long silent = member.Trainer.Firings.shape[0] - member.Trainer.Firings.count_nonzero().ToInt64();
        member.Trainer.Firings.zero_();
        RunClock clock = Clock(total);
        var line = new MetricsLine(
            Step, Step * Options.Batch, result.LearningRate, result.Loss, result.L0, silent, now,
            clock.TokensPerSecond, clock.HarvestTokensPerSecond, clock.TrainingTokensPerSecond);
        log.Add(line);
        events.Add(Step, line.Scalars());
        return line;
    }

    /// <summary>The layer first, then the checkpoint: whatever moment the process dies at, the run can go on.</summary>
    /// <returns>False, with <see cref="Failure"/> set, where the weights are not numbers: a checkpoint replaces the one before, so it must be worth going on from.</returns>
    public bool Save(BufferState state, TimeSpan total)
    {
        if (NotFinite() is { } key)
        {
            Failure = $"{key} is no longer finite at step {Step}: lower --lr or raise --warmup.";
            member.Fail(new NotFiniteNumberException(Failure));
            return false;
        }
        // What was measured was the layer that is about to be replaced.
        File.Delete(run.Folder.EvaluationFile);
        LayerOrigin origin = run.Description.Origin with { TrainedTokens = Step * Options.Batch };
        NativeLayer.Save(run.Folder.LayerFile, member.Trainer.Layer, origin);
        CheckpointFile.Save(
            run.Folder.CheckpointsFolder, member.Trainer, state,
            new CheckpointHeader(Step, Options.Steps, state.NextContext, state.Refills, state.HalfLine, state.Batches, log.Length, Clock(total)));
        return true;
    }

    public TrainResult Finish(TimeSpan total, RunEstimate? expected)
    {
        RunClock clock = Clock(total);
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
            total.TotalSeconds,
            expected,
            measured is { } last && last.Step == Step ? last.Value : member.Measure(harvest.Validation),
            Precisions.Used(Options.Precision, member.Trainer.Layer.Options, harvest.Device));
        AtomicFile.WriteAllText(run.Folder.ResultFile, JsonSerializer.Serialize(result, Json.Indented));
        return result;
    }

    public void Dispose()
    {
        log.Dispose();
        events.Dispose();
    }

    /// <summary>Time of the whole pass, which the member shares with others, and of its own steps.</summary>
    private RunClock Clock(TimeSpan total) => earlier.Plus(
        new RunClock(total.TotalSeconds, harvest.Elapsed.TotalSeconds, harvest.Tokens, member.Elapsed.TotalSeconds, member.Tokens));

    /// <summary>The key of a parameter that is not finite. The least and the largest of values are not numbers where one is not, and finding them takes no memory.</summary>
    private string? NotFinite()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (Parameter parameter in member.Trainer.Layer.Parameters)
            if (!float.IsFinite(parameter.Value.min().ToSingle()) || !float.IsFinite(parameter.Value.max().ToSingle())) return parameter.Key;
        return null;
    }
}
