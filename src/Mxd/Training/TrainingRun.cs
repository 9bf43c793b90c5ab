using System.Diagnostics;
using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>
/// Carries a <see cref="PreparedRun"/> out: harvests, trains, logs and saves, in its folder. Stopped at any point it can go on from its newest
/// checkpoint, to the same bits as a run that was never stopped. It is a <see cref="SharedRun"/> of one.
/// </summary>
public static class TrainingRun
{
    /// <summary>Carries the run out to its end.</summary>
    /// <exception cref="MxdInputException">The loss, or a weight, became something that is not a number.</exception>
    /// <exception cref="OperationCanceledException">It was stopped; where training had begun, a checkpoint was saved.</exception>
    public static TrainResult Execute(PreparedRun run, IRunObserver observer, CancellationToken cancellation = default) =>
        Execute(run, observer, harvestsAhead: null, cancellation);

    /// <summary>The same, with the language model beside training or not; the bits are the same.</summary>
    /// <param name="run">The run.</param>
    /// <param name="observer">Hears how it goes.</param>
    /// <param name="harvestsAhead">Null where <see cref="HarvestPolicy"/> is to decide.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="MxdInputException">The loss, or a weight, became something that is not a number.</exception>
    /// <exception cref="OperationCanceledException">It was stopped; where training had begun, a checkpoint was saved.</exception>
    public static TrainResult Execute(PreparedRun run, IRunObserver observer, bool? harvestsAhead, CancellationToken cancellation = default) =>
        Execute(run, observer, ForecastLimits.Default, harvestsAhead, cancellation);

    internal static TrainResult Execute(
        PreparedRun run, IRunObserver observer, ForecastLimits limits, bool? harvestsAhead = null, CancellationToken cancellation = default)
    {
        run.Enter();
        run.Folder.Write(run.Description);
        var clock = Stopwatch.StartNew();
        var entry = new RunEntry(run.Folder, run.Description, run.Checkpoint);
        var settings = new SharedRunSettings { Clock = clock, HasEntered = true };
        RunOutcome outcome = run.Store is { } store ? FromDisk(store) : FromModel();
        return outcome.Result ?? throw new MxdInputException(outcome.Failure!);

        RunOutcome FromModel()
        {
            observer.Begin("Loading the language model", 0, "layers");
            LanguageModel model = run.TakeModel(cancellation);
            bool isAhead = harvestsAhead ?? HarvestPolicy.HarvestsAhead(model.Device);
            try
            {
                using var trial = new HarvestTrial(model, run.Data.Text, [run.Options.InputHook, run.Options.OutputHook]);
                settings = settings with { HarvestsAhead = isAhead, Expected = Forecast(run, trial, limits, isAhead, observer, clock, cancellation) };
            }
            catch
            {
                model.Dispose();
                throw;
            }
            return SharedRun.Execute(model, run.Data, [entry], observer, settings, cancellation)[0];
        }

        RunOutcome FromDisk(ActivationStore store)
        {
            using (var trial = new HarvestTrial(store, [run.Options.InputHook, run.Options.OutputHook]))
                settings = settings with { Expected = Forecast(run, trial, limits, isAhead: false, observer, clock, cancellation) };
            return SharedRun.Execute(store, [entry], observer, settings, cancellation)[0];
        }
    }

    /// <summary>How fast it will be; null where nothing is left to do.</summary>
    private static RunEstimate? Forecast(
        PreparedRun run, HarvestTrial trial, ForecastLimits limits, bool isAhead, IRunObserver observer, Stopwatch clock, CancellationToken cancellation)
    {
        var work = RemainingWork.Of(run.Options, run.Checkpoint, run.Description.Data.ValidationContexts);
        if (work.Training == 0) return null;
        var forecast = new RunForecast([new ForecastMember(run.Options, run.Description.Layer, work)], trial.Take, limits, isAhead, trial.IsStored, observer, cancellation);
        RunEstimate? estimate = forecast.Measure(work.Harvest, run.Description.Plan.Total, clock.Elapsed);
        observer.Expect(estimate);
        return estimate;
    }
}
