using System.Diagnostics;
using Mxd.Activations;
using Mxd.LanguageModels;

namespace Mxd.Training;

/// <summary>
/// Carries a <see cref="PreparedSweep"/> out: trains what is not trained yet, as many configurations from each pass of the language model as fit. Stopped or
/// killed at any point it goes on from the runs' newest checkpoints, to the same bits; a configuration that fails is noted, and the others finish.
/// </summary>
public static class SweepRun
{
    /// <returns>How each configuration ended.</returns>
    /// <exception cref="OperationCanceledException">It was stopped; the runs that were in training have been saved.</exception>
    public static IReadOnlyList<SweepConfiguration> Execute(PreparedSweep sweep, IRunObserver observer, CancellationToken cancellation = default) =>
        Execute(sweep, observer, ForecastLimits.Default, cancellation);

    internal static IReadOnlyList<SweepConfiguration> Execute(PreparedSweep sweep, IRunObserver observer, ForecastLimits limits, CancellationToken cancellation = default)
    {
        sweep.Enter();
        if (sweep.Passes.Count == 0) return sweep.Description.Configurations;
        var clock = Stopwatch.StartNew();
        if (sweep.Store is null) observer.Begin("Loading the language model", 0, "layers");
        LanguageModel? model = sweep.Store is null ? sweep.LoadModel(cancellation) : null;
        observer.Expect(Forecast(sweep, model, limits, clock, observer, cancellation));
        long[] tokens = [.. sweep.Passes.Select(pass => pass.Runs.Sum(r => r.Options.TrainedTokens))];
        for (int i = 0; i < sweep.Passes.Count; i++)
        {
            SweepPass pass = sweep.Passes[i];
            string which = sweep.Passes.Count > 1 ? $", pass {i + 1} of {sweep.Passes.Count}" : "";
            var settings = new SharedRunSettings
            {
                LeavesModel = true,
                Phase = $"Training {pass.Runs.Count} {(pass.Runs.Count == 1 ? "layer" : "layers")}{which}",
                OtherTokens = (tokens[..i].Sum(), tokens[(i + 1)..].Sum()),
            };
            RunEntry[] entries = [.. pass.Runs.Select(r => r.Enter(sweep.Description.Model, sweep.Description.Data, pass.Plan))];
            var recorder = new Recorder(sweep, observer);
            IReadOnlyList<RunOutcome> outcomes = model is null
                ? SharedRun.Execute(sweep.Store!, entries, recorder, settings, cancellation)
                : SharedRun.Execute(model, sweep.Data, entries, recorder, settings, cancellation);
            foreach ((SweptRun run, RunOutcome outcome) in pass.Runs.Zip(outcomes))
                if (outcome.Failure is null) sweep.Note(run.Name, SweepState.Trained);
        }
        return sweep.Description.Configurations;
    }

    private static RunEstimate? Forecast(PreparedSweep sweep, LanguageModel? model, ForecastLimits limits, Stopwatch clock, IRunObserver observer, CancellationToken cancellation)
    {
        List<ForecastMember> members = [];
        long harvest = 0;
        foreach (SweepPass pass in sweep.Passes)
        {
            RemainingWork[] work = [.. pass.Runs.Select(r => RemainingWork.Of(r.Options, r.Checkpoint, sweep.Description.Data.ValidationContexts))];
            members.AddRange(pass.Runs.Zip(work, (run, left) => new ForecastMember(run.Options, run.Layer, left)));
            harvest += work.Max(w => w.Harvest);
        }
        HookPoint[] points = [.. members.SelectMany(m => new[] { m.Options.InputHook, m.Options.OutputHook }).Distinct()];
        using HarvestTrial trial = model is null ? new HarvestTrial(sweep.Store!, points) : new HarvestTrial(model, sweep.Data.Text, points);
        bool isAhead = model is not null && HarvestPolicy.HarvestsAhead(model.Device);
        var forecast = new RunForecast(members, trial.Take, limits, isAhead, trial.IsStored, observer, cancellation);
        return forecast.Measure(harvest, sweep.Passes.Max(p => p.Plan.Total), clock.Elapsed);
    }

    /// <summary>Writes down at once what failed: a sweep that is killed then does not try it again.</summary>
    private sealed class Recorder(PreparedSweep sweep, IRunObserver shown) : IRunObserver
    {
        public void Begin(string phase, long total, string unit) => shown.Begin(phase, total, unit);

        public void Advance(long done) => shown.Advance(done);

        public void Note(string line) => shown.Note(line);

        public void Expect(RunEstimate? estimate) => shown.Expect(estimate);

        public bool ShowsMeasurements => shown.ShowsMeasurements;

        public void Measured(string run, MetricsLine line) => shown.Measured(run, line);

        public void Failed(string run, string reason)
        {
            sweep.Note(Path.GetFileName(run), SweepState.Failed, reason);
            shown.Failed(run, reason);
        }
    }
}
