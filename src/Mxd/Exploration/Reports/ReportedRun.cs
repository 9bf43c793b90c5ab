using System.Text.Json;
using System.Text.Json.Nodes;
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
        foreach ((RunFolder folder, string name) in folders.Zip(Names(folders)))
            problems.Collect(() =>
            {
                folder.RequireLayer();
                if (File.Exists(EvaluationFile(folder))) runs.Add(Read(folder, name));
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
        EvaluatedRun evaluation = ReadEvaluation(EvaluationFile(folder));
        if (evaluation.Type != saved.Layer.Type)
            throw new MxdInputException($"{EvaluationFile(folder)} is of a layer of type '{evaluation.Type}', but {folder.LayerFile} is of type '{saved.Layer.Type}': run 'mxd eval --run {folder.Path}' again.");
        return new ReportedRun(
            name,
            evaluation,
            saved,
            folder.IsTrained ? folder.ReadDescription() : null,
            File.Exists(folder.ResultFile) ? Json.Read<TrainResult>(File.ReadAllText(folder.ResultFile), folder.ResultFile) : null,
            File.Exists(folder.MetricsFile) ? [.. File.ReadLines(folder.MetricsFile).Select((line, i) => Json.Read<MetricsLine>(line, $"{folder.MetricsFile}, line {i + 1},"))] : []);
    }

    private static string EvaluationFile(RunFolder folder) => Path.Combine(folder.Path, "evaluation.json");

    /// <summary>Folders' own names, with those above them where two are the same.</summary>
    private static string[] Names(IReadOnlyList<RunFolder> folders)
    {
        string[] paths = [.. folders.Select(f => Path.GetFullPath(f.Path))];
        for (int parts = 1; ; parts++)
        {
            string[] names = [.. paths.Select(p => string.Join('/', p.Split(Path.DirectorySeparatorChar)[^Math.Min(parts, p.Split(Path.DirectorySeparatorChar).Length)..]))];
            if (names.Distinct().Count() == paths.Distinct().Count()) return names;
        }
    }

    private static EvaluatedRun ReadEvaluation(string file)
    {
        JsonObject json = Json.Read<JsonObject>(File.ReadAllText(file), file), cost = [];
        string[] own = [.. typeof(EvaluatedRun).GetProperties().Select(p => JsonNamingPolicy.SnakeCaseLower.ConvertName(p.Name))];
        foreach ((string name, JsonNode? value) in json.Where(p => !own.Contains(p.Key)).ToArray())
        {
            json.Remove(name);
            cost[name] = value;
        }
        json["cost"] = cost;
        return Json.Read<EvaluatedRun>(json.ToJsonString(), file);
    }
}
