using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Evaluation.Frontiers;

/// <summary>Runs that may be set side by side.</summary>
/// <param name="Runs">Finished, evaluated, and measured alike.</param>
/// <param name="LeftOut">A line for each run that was found and cannot be compared.</param>
public sealed record ComparedRuns(IReadOnlyList<ComparedRun> Runs, IReadOnlyList<string> LeftOut)
{
    /// <param name="paths">Folders of runs, and folders that hold such.</param>
    /// <param name="quote">Writes a path as a word of a command.</param>
    /// <exception cref="MxdInputException">Nothing to compare, runs without an evaluation, or runs measured on different things.</exception>
    public static ComparedRuns Read(IReadOnlyList<string> paths, Func<string, string>? quote = null)
    {
        RunSearch search = RunSearch.In(paths);
        if (search.Finished.Count == 0)
            throw new MxdInputException(string.Join('\n', [.. search.LeftOut, $"None of the runs in {string.Join(", ", paths)} is finished: there is nothing to compare yet."]));
        List<RunFolder> missing = [];
        List<ComparedRun> runs = [];
        var problems = new ProblemList();
        foreach ((RunFolder folder, TrainResult result) in search.Finished)
        {
            problems.Collect(() =>
            {
                // One that was measured before the run was made longer says nothing of the layer that is there now.
                if (File.Exists(folder.EvaluationFile) && ComparedRun.Read(folder, result) is { IsOfItsLayer: true } run) runs.Add(run);
                else missing.Add(folder);
            });
        }
        problems.ThrowIfAny();
        if (missing.Count > 0) throw new MxdInputException(HowToEvaluate(missing, runs.FirstOrDefault(), quote ?? (path => path)));
        Comparability.Check(runs);
        return new ComparedRuns(runs, search.LeftOut);
    }

    /// <summary>One command for all that were not evaluated, in the way in which another one was.</summary>
    private static string HowToEvaluate(List<RunFolder> missing, ComparedRun? other, Func<string, string> quote)
    {
        string command = "mxd eval --run " + string.Join(' ', missing.Select(f => quote(f.Path)));
        if (other is not null)
        {
            // Without --text a run is measured on what it held out, of the same files where nothing else was named.
            if (!other.Evaluated.Text.SequenceEqual(TrainingData.HeldOutFiles(other.Options))) command += $" --text {string.Join(' ', other.Evaluated.Text.Select(quote))}";
            command += $" --contexts {other.Cost.Contexts} --model-dtype {other.Evaluated.ModelDtype}";
            if (other.Cost.SkipFirst > 0) command += $" --skip-first {other.Cost.SkipFirst}";
            if (other.ContextLength != other.Options.Context) command += $" --context {other.ContextLength}";
        }
        return missing.Count == 1 ? $"{missing[0].Path} has no evaluation.json yet: evaluate it by '{command}'." : $"{missing.Count} runs have no evaluation.json yet: evaluate them by '{command}'.";
    }
}
