using Mxd.Activations;
using Mxd.LanguageModels;

namespace Mxd.Training;

/// <summary>
/// Trains several runs, each in a folder of its own, from one pass of a language model: what <see cref="TrainingGroup"/> is, with logs, checkpoints and
/// results. Stopped at any point, all of them go on from their newest checkpoints to the bits of runs that were never stopped; each can also go on
/// alone. One whose loss is no number is told of, and the others finish.
/// </summary>
public sealed class SharedRun : IDisposable
{
    private static readonly TimeSpan checkpointInterval = TimeSpan.FromMinutes(10);

    private readonly IRunObserver observer;
    private readonly SharedRunSettings settings;
    private readonly TrainingGroup group;
    private readonly List<RecordedMember> members = [];
    private readonly Progress progress;
    private TimeSpan lastCheckpoint;

    private SharedRun(TrainingGroup group, IReadOnlyList<RunEntry> runs, IRunObserver observer, SharedRunSettings settings)
    {
        (this.group, this.observer, this.settings) = (group, observer, settings);
        try
        {
            for (int i = 0; i < runs.Count; i++) members.Add(new RecordedMember(runs[i], group.Members[i], group.Harvest));
            progress = new Progress(members, settings.OtherTokens.Before);
            Restore();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private IEnumerable<RecordedMember> Live => members.Where(m => m.Failure is null);

    /// <summary>Carries the runs out to their end.</summary>
    /// <param name="model">The language model; disposed at the end, unless the settings leave it.</param>
    /// <param name="data">The text.</param>
    /// <param name="runs">In no folder that another process is at work on.</param>
    /// <param name="observer">Hears how it goes.</param>
    /// <param name="settings">By default all is said of training, and <see cref="HarvestPolicy"/> decides.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>How each ended, in the same order.</returns>
    /// <exception cref="OperationCanceledException">It was stopped; where training had begun, checkpoints were saved.</exception>
    public static IReadOnlyList<RunOutcome> Execute(
        LanguageModel model, TrainingData data, IReadOnlyList<RunEntry> runs, IRunObserver observer, SharedRunSettings? settings = null, CancellationToken cancellation = default)
    {
        settings ??= new SharedRunSettings();
        return Execute(
            () => TrainingGroup.Begin(model, [.. runs.Select(r => r.Options)], data, observer, settings.HarvestsAhead, settings.LeavesModel, cancellation),
            settings.LeavesModel ? null : model, runs, observer, settings, cancellation);
    }

    /// <summary>Carries runs out to their end on activations from disk.</summary>
    /// <param name="store">The activations, which stay the caller's.</param>
    /// <param name="runs">In no folder that another process is at work on.</param>
    /// <param name="observer">Hears how it goes.</param>
    /// <param name="settings">By default all is said of training.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>How each ended, in the same order.</returns>
    /// <exception cref="OperationCanceledException">It was stopped; where training had begun, checkpoints were saved.</exception>
    public static IReadOnlyList<RunOutcome> Execute(
        ActivationStore store, IReadOnlyList<RunEntry> runs, IRunObserver observer, SharedRunSettings? settings = null, CancellationToken cancellation = default) =>
        Execute(() => TrainingGroup.Begin(store, [.. runs.Select(r => r.Options)]), null, runs, observer, settings ?? new SharedRunSettings(), cancellation);

    private static IReadOnlyList<RunOutcome> Execute(
        Func<TrainingGroup> begin, IDisposable? owned, IReadOnlyList<RunEntry> runs, IRunObserver observer, SharedRunSettings settings, CancellationToken cancellation)
    {
        List<IDisposable> entered = [];
        try
        {
            Enter(settings.HasEntered ? [] : runs, entered, owned);
            using var work = new SharedRun(begin(), runs, observer, settings);
            return work.Train(cancellation);
        }
        finally
        {
            foreach (IDisposable held in entered) held.Dispose();
        }
    }

    /// <summary>What is owned goes where a folder cannot be entered: from there on it is the group's.</summary>
    private static void Enter(IEnumerable<RunEntry> runs, List<IDisposable> entered, IDisposable? owned)
    {
        try
        {
            foreach (RunEntry run in runs)
            {
                entered.Add(run.Folder.Enter());
                run.Folder.Write(run.Description);
            }
        }
        catch
        {
            owned?.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (RecordedMember member in members) member.Dispose();
        group.Dispose();
    }

    /// <summary>The buffer stands where the member furthest behind left it; rows are read where one that is as far has them, and harvested again otherwise.</summary>
    private void Restore()
    {
        if (!members.Exists(m => m.Restored is not null)) return;
        long step = members.Min(m => m.Step), furthest = members.Max(m => m.Step), steps = members[0].Options.Steps;
        string[] behind = [.. members.Where(m => m.Step == step && m.Restored is not null).Select(m => m.Run.Checkpoint!)];
        if (behind.Length > 0)
            CheckpointFile.RestoreBuffer(behind.FirstOrDefault(file => CheckpointFile.HoldsRows(file, group.Harvest.Buffer.Points)) ?? behind[0], group.Harvest.Buffer);
        string schedule = members[0].Options.Schedule;
        if (members.Find(m => m.Restored is { } header && header.Steps != steps)?.Restored is { } shorter && schedule != "constant")
            observer.Note($"Note: the run was to have {shorter.Steps} steps and now has {steps}; from here the schedule '{schedule}' is that of the longer run.");
        observer.Note(step >= steps ? $"The run has made its {steps} steps already: raise --tokens to make it longer."
            : furthest > step ? $"Going on from step {step} of {steps}; some are at step {furthest} already, and wait."
            : $"Going on from step {step} of {steps}.");
    }

    private IReadOnlyList<RunOutcome> Train(CancellationToken cancellation)
    {
        long all = settings.OtherTokens.Before + settings.OtherTokens.After + members.Sum(m => m.Options.TrainedTokens);
        observer.Begin(settings.Phase, all, "tokens");
        observer.Advance(progress.Tokens);
        lastCheckpoint = settings.Clock.Elapsed;
        try
        {
            while (Live.Any(m => !m.IsDone))
            {
                cancellation.ThrowIfCancellationRequested();
                Step(cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            Save(Live);
            throw;
        }
        return [.. members.Select(m => new RunOutcome(m.Run.Folder, m.Failure is null ? m.Finish(settings.Clock.Elapsed, settings.Expected) : null, m.Failure))];
    }

    private void Step(CancellationToken cancellation)
    {
        IReadOnlyList<StepResult?> results = group.Advance(cancellation);
        List<(RecordedMember Member, MetricsLine Line)> logged = [];
        for (int i = 0; i < members.Count; i++)
        {
            RecordedMember member = members[i];
            if (member.NoticeFailure()) Tell(member);
            if (results[i] is { } result && member.IsLogged) logged.Add((member, member.Log(result, settings.Clock.Elapsed)));
        }
        Report(logged);
        observer.Advance(progress.Tokens);
        bool isTime = settings.Clock.Elapsed - lastCheckpoint > checkpointInterval;
        RecordedMember[] stepped = [.. members.Where((m, i) => results[i] is not null)];
        Save(stepped.Where(m => m.IsDone || (m.Options.CheckpointEvery is { } steps ? m.Step % steps == 0 : isTime)));
    }

    /// <summary>
    /// Saves those that stand where the buffer stands; the others' checkpoints are newer already. The first has the buffer's rows: one copy is
    /// enough for all to go on at once, and one that goes on alone harvests them again.
    /// </summary>
    private void Save(IEnumerable<RecordedMember> some)
    {
        if (!Live.Any()) return;
        long step = Live.Min(m => m.Step);
        RecordedMember[] saved = [.. some.Where(m => m.Failure is null && m.Step == step)];
        if (saved.Length == 0) return;
        bool withRows = !saved[0].IsDone && saved[0].Run.Description.Plan.Buffer <= CheckpointFile.SavedRowsLimit;
        using BufferState state = group.Harvest.Buffer.Save(withRows);
        BufferState own = state;
        foreach (RecordedMember member in saved)
        {
            if (member.Save(own, settings.Clock.Elapsed)) own = state with { Rows = null };
            else Tell(member);
        }
        lastCheckpoint = settings.Clock.Elapsed;
    }

    private void Tell(RecordedMember failed)
    {
        if (members.Count > 1) observer.Note($"{failed.Run.Name} failed: {failed.Failure}");
        observer.Failed(failed.Run.Folder.Path, failed.Failure!);
    }

    /// <summary>A line; of several members the best and the worst.</summary>
    private void Report(List<(RecordedMember Member, MetricsLine Line)> logged)
    {
        if (logged.Count == 0) return;
        foreach ((RecordedMember member, MetricsLine measured) in logged) observer.Measured(member.Run.Folder.Path, measured);
        if (observer.ShowsMeasurements) return;
        MetricsLine line = logged[0].Line;
        if (members.Count == 1)
        {
            observer.Note(FormattableString.Invariant(
                $"step {line.Step,6}  loss {line.Loss.Total:f5}  FVU {line.Validation.Fvu:f4}  L0 {line.Validation.L0:f1}  dead {line.Validation.DeadFraction:p1}  {line.TokensPerSecond:f0} tokens/s"));
            return;
        }
        (RecordedMember Member, MetricsLine Line)[] ordered = [.. logged.OrderBy(l => l.Line.Validation.Fvu)];
        string range = string.Join(" to ", new[] { ordered[0], ordered[^1] }.Distinct().Select(l => FormattableString.Invariant($"{l.Line.Validation.Fvu:f4} ({l.Member.Run.Name})")));
        observer.Note(FormattableString.Invariant($"step {line.Step,6}  FVU {range}  {line.TokensPerSecond:f0} tokens/s each"));
    }

    /// <summary>Training tokens done, all members together: those that failed count as done, so that the time left is that of the others.</summary>
    private sealed class Progress(IReadOnlyList<RecordedMember> members, long before)
    {
        public long Tokens => before + members.Sum(m => (m.Failure is null ? m.Step : m.Options.Steps) * m.Options.Batch);
    }
}
