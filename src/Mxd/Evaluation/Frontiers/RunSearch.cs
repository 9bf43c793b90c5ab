using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Evaluation.Frontiers;

/// <summary>Finds runs: folders of runs, and folders that hold such, as a sweep's does.</summary>
/// <param name="Finished">Runs that came to their end, with what they reported then.</param>
/// <param name="LeftOut">A line for each that did not.</param>
public sealed record RunSearch(IReadOnlyList<(RunFolder Folder, TrainResult Result)> Finished, IReadOnlyList<string> LeftOut)
{
    /// <summary>How deep below a named folder runs are looked for.</summary>
    private const int Depth = 3;

    /// <exception cref="MxdInputException">A path is neither a run nor a folder that holds any, or a run's files are damaged; all such are named.</exception>
    public static RunSearch In(IEnumerable<string> paths)
    {
        var problems = new ProblemList();
        List<RunFolder> found = [];
        List<string> left = [];
        foreach (string path in paths)
        {
            RunFolder[] here = [.. Below(path, Depth)];
            if (here.Length == 0) problems.Add(WhyNone(path));
            problems.Collect(() => left.AddRange(Failures(path)));
            found.AddRange(here);
        }
        List<(RunFolder, TrainResult)> finished = [];
        foreach (RunFolder folder in found.DistinctBy(f => Path.GetFullPath(f.Path)))
        {
            problems.Collect(() =>
            {
                if (ResultOf(folder) is { } result) finished.Add((folder, result));
                else if (!left.Exists(line => line.StartsWith(folder.Path + " ", StringComparison.Ordinal)))
                    left.Add($"{folder.Path} is left out: it has not come to its end; go on with 'mxd train --resume --out {folder.Path}'.");
            });
        }
        problems.ThrowIfAny();
        return new RunSearch(finished, left);
    }

    private static TrainResult? ResultOf(RunFolder folder) => File.Exists(folder.LayerFile) ? folder.ReadFinishedResult() : null;

    private static IEnumerable<RunFolder> Below(string path, int depth)
    {
        var folder = new RunFolder(path);
        if (folder.IsTrained) return [folder];
        if (depth == 0 || !Directory.Exists(path)) return [];
        return Directory.GetDirectories(path).Where(f => !Path.GetFileName(f).StartsWith('.')).Order(StringComparer.Ordinal).SelectMany(f => Below(f, depth - 1));
    }

    private static string WhyNone(string path)
    {
        const string todo = "name folders that 'mxd train --out' or a sweep made";
        if (!Path.Exists(path)) return $"{path} does not exist: {todo}.";
        return File.Exists(new RunFolder(path).LayerFile)
            ? $"{path} was imported and not trained here, so that nothing says what it could be compared with: {todo}."
            : $"{path} is not a run and holds none (no run.json): {todo}.";
    }

    /// <summary>What a sweep noted about configurations that failed.</summary>
    private static IEnumerable<string> Failures(string path)
    {
        var sweep = new SweepFolder(path);
        if (!File.Exists(sweep.DescriptionFile)) yield break;
        foreach (SweepConfiguration failed in sweep.ReadDescription().Configurations.Where(c => c.State == SweepState.Failed))
            yield return $"{sweep.Run(failed.Name).Path} is left out: it failed{(failed.Failure is { } why ? $" ({why})" : "")}.";
    }
}
