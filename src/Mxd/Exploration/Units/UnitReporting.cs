using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Exploration.Units;

/// <summary>Reports on units of runs: on one, or on many, which are written into the runs' folders.</summary>
public static class UnitReporting
{
    /// <summary>The report on the one unit that the options name.</summary>
    public static UnitReport One(LanguageModel model, InspectInput input, IRunObserver observer, CancellationToken cancellation)
    {
        using DisposeScope scope = NewDisposeScope();
        using var layers = new Layers(model, input);
        var inspector = new UnitInspector(model, input.Model!.Tokenizer);
        UnitSurvey? survey = Survey(inspector, layers, input, observer, cancellation)?[0];
        observer.Begin("Looking at the unit", 0, "");
        return inspector.Report(layers.All[0], survey, input.Text?.Text, input.Options.ContextsOfRemoval, cancellation).SingleOrDefault() is { } report
            ? report with { Name = input.Names[0].GetValueOrDefault(report.Unit) }
            : throw new OperationCanceledException(cancellation);
    }

    /// <summary>
    /// Reports on all units named, each run's in its folder. The text is read once for all runs. Stopped while reports are made, it keeps those that are done, where there were none before.
    /// </summary>
    /// <returns>A folder a run, fewer where it was stopped.</returns>
    public static IReadOnlyList<UnitReportFolder> Many(LanguageModel model, InspectInput input, IRunObserver observer, CancellationToken cancellation)
    {
        using DisposeScope scope = NewDisposeScope();
        using var layers = new Layers(model, input);
        var inspector = new UnitInspector(model, input.Model!.Tokenizer);
        IReadOnlyList<UnitSurvey>? surveys = Survey(inspector, layers, input, observer, cancellation);
        List<UnitReportFolder> written = [];
        observer.Begin("Writing reports", layers.All.Sum(layer => (long)layer.Units.Count), "units");
        foreach ((EvalRun run, int i) in input.Runs.Select((run, i) => (run, i)))
        {
            if (cancellation.IsCancellationRequested) break;
            string folder = run.Folder.UnitsFolder;
            long before = layers.All.Take(i).Sum(layer => (long)layer.Units.Count);
            bool wasThere = Directory.Exists(folder);
            List<UnitNeighbours> matches = [];
            written.Add(UnitReportFolder.Write(folder, Reports(), (units, offsets) => Describe(i, input, surveys?[i], UnitStability.Of(matches), units, offsets)));

            IEnumerable<UnitReport> Reports()
            {
                int made = 0;
                foreach (UnitReport report in inspector.Report(layers.All[i], surveys?[i], input.Text?.Text, input.Options.ContextsOfRemoval, cancellation))
                {
                    yield return report with { Name = input.Names[i].GetValueOrDefault(report.Unit) };
                    if (report.Other is { } match && (surveys is null || report.Contribution is not null)) matches.Add(match);
                    observer.Advance(before + ++made);
                }
                if (made < layers.All[i].Units.Count && (wasThere || made == 0)) throw new OperationCanceledException(cancellation);
            }
        }
        return written;
    }

    private static IReadOnlyList<UnitSurvey>? Survey(UnitInspector inspector, Layers layers, InspectInput input, IRunObserver observer, CancellationToken cancellation)
    {
        if (input.Text is not { Text: var text }) return null;
        observer.Begin("Looking where units are active", 100, "%");
        return inspector.Survey(layers.All, text, input.Options.ContextsRead, new ObservedPercent(observer), cancellation);
    }

    private static UnitReportIndex Describe(int number, InspectInput input, UnitSurvey? survey, UnitStability? stability, IReadOnlyList<int> units, IReadOnlyList<long> offsets) => new(
        input.Runs[number].Path, input.Runs[number].Saved.Layer.Type, input.Runs[number].Saved.Layer.Units, input.Runs[number].Saved.Origin?.TrainedTokens, input.Model!.Identity.WeightsHash, input.Options.ModelDtype,
        input.Other?.Path, survey is null ? null : input.Text!.TextFiles, survey is null ? null : input.Text!.Text.Hash(survey.Usage.Contexts), survey is null ? null : input.Text!.Text.ContextLength,
        survey is null ? 0 : input.Options.ContextsOfRemoval, survey?.Usage.Summarise(), stability, units.Count < input.Units[number].Count ? true : null, units, offsets);

    /// <summary>The runs' layers and the other run's, loaded.</summary>
    private sealed class Layers : IDisposable
    {
        public Layers(LanguageModel model, InspectInput input)
        {
            try
            {
                foreach ((EvalRun run, IReadOnlyList<int> units) in input.Runs.Zip(input.Units))
                {
                    Replacement replacement = run.Load(model.Device);
                    All.Add(new InspectedLayer(run.Path, replacement, units));
                }
                if (input.Other is { } other) All[0] = All[0] with { Other = other.Load(model.Device).Layer };
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public List<InspectedLayer> All { get; } = [];

        public void Dispose()
        {
            foreach (InspectedLayer layer in All)
            {
                layer.Replacement.Layer.Dispose();
                layer.Other?.Dispose();
            }
        }
    }
}
