using Mxd.Evaluation;
using Mxd.Interchange;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Exploration.Reports;

/// <summary>A run, as a report shows it.</summary>
/// <param name="Name">What tells it from the others of the report.</param>
/// <param name="Evaluation">What its layer costs the model.</param>
/// <param name="Saved">The header of its layer.</param>
/// <param name="Description">What was asked; null for an imported layer.</param>
/// <param name="Result">How it ended; null where it has not, or was not trained here.</param>
/// <param name="Metrics">How it went.</param>
public sealed record ReportedRun(
    string Name, EvaluatedRun Evaluation, SavedLayer Saved, RunDescription? Description, TrainResult? Result, IReadOnlyList<MetricsLine> Metrics)
{
    /// <summary>What its units are active on; null where that was not looked at, or there are none.</summary>
    public ReportedUnits? Units { get; init; }

    /// <summary>Reads evaluated runs from their folders.</summary>
    /// <exception cref="MxdInputException">Some are no runs, or not evaluated, or damaged; a line for each problem.</exception>
    public static IReadOnlyList<ReportedRun> ReadAll(IReadOnlyList<RunFolder> folders)
    {
        var problems = new ProblemList();
        List<RunFolder> missing = [];
        List<ReportedRun> runs = [];
        foreach ((RunFolder folder, string name) in folders.Zip(RunFolder.ShortNames(folders)))
            problems.Collect(() =>
            {
                folder.RequireLayer();
                if (File.Exists(folder.EvaluationFile)) runs.Add(Read(folder, name));
                else missing.Add(folder);
            });
        if (missing.Count > 0)
            problems.Add($"{string.Join(" and ", missing.Select(f => f.Path))} {(missing.Count == 1 ? "has" : "have")} no evaluation.json, and a report's numbers come from there: run 'mxd eval --run {string.Join(' ', missing.Select(f => f.Path))}' first.");
        problems.ThrowIfAny();
        return runs;
    }

    private static ReportedRun Read(RunFolder folder, string name)
    {
        SavedLayer saved = NativeLayer.ReadHeader(folder.LayerFile);
        EvaluatedRun evaluation = EvaluatedRun.Read(folder.EvaluationFile);
        if (evaluation.Type != saved.Layer.Type)
            throw new MxdInputException($"{folder.EvaluationFile} is of a layer of type '{evaluation.Type}', but {folder.LayerFile} is of type '{saved.Layer.Type}': run 'mxd eval --run {folder.Path}' again.");
        if (evaluation.TrainedTokens is { } tokens && saved.Origin?.TrainedTokens is { } now && tokens != now)
            throw new MxdInputException($"{folder.EvaluationFile} is of the layer after {tokens:n0} tokens, but it has been trained on {now:n0} since: run 'mxd eval --run {folder.Path}' again.");
        return new ReportedRun(
            name,
            evaluation,
            saved,
            folder.IsTrained ? folder.ReadDescription() : null,
            folder.IsTrained ? folder.ReadFinishedResult() : null,
            folder.ReadMetrics());
    }
}
