using Mxd.Runtime;

namespace Mxd.Evaluation.Frontiers;

/// <summary>Refuses to set numbers side by side that were measured on different things.</summary>
internal static class Comparability
{
    /// <exception cref="MxdInputException">A line for each run that differs from the first, with all that differs.</exception>
    public static void Check(IReadOnlyList<ComparedRun> runs)
    {
        var problems = new ProblemList();
        ComparedRun first = runs[0];
        string all = string.Join(' ', runs.Select(run => run.Path));
        foreach (ComparedRun run in runs.Skip(1))
        {
            string[] trained = [.. Trained(run, first)], measured = [.. Measured(run, first)];
            if (trained.Length > 0)
                problems.Add($"{run.Path} cannot be compared with {first.Path}: {string.Join("; ", [.. trained, .. measured])}. Compare runs of one layer of one model.");
            else if (measured.Length > 0)
                problems.Add($"{run.Path} cannot be compared with {first.Path}: {string.Join("; ", measured)}. Evaluate all alike, by one 'mxd eval --run {all}'.");
        }
        problems.ThrowIfAny();
    }

    private static IEnumerable<string> Trained(ComparedRun run, ComparedRun first)
    {
        if (run.Model.Architecture != first.Model.Architecture || run.Model.TokenizerHash != first.Model.TokenizerHash || run.Model.Width != first.Model.Width)
            yield return $"its language model is {run.Model.Id}, not {first.Model.Id}";
        if (run.Description.Origin.Output != first.Description.Origin.Output)
            yield return $"it stands at {run.Description.Origin.Output}, not {first.Description.Origin.Output}";
    }

    private static IEnumerable<string> Measured(ComparedRun run, ComparedRun first)
    {
        (CostOfReplacement a, CostOfReplacement b) = (run.Cost, first.Cost);
        if (run.Evaluated.WeightsHash != first.Evaluated.WeightsHash)
            yield return $"it was evaluated in a language model with weights {Short(run.Evaluated.WeightsHash)}, not {Short(first.Evaluated.WeightsHash)}";
        if (run.Evaluated.ModelDtype != first.Evaluated.ModelDtype) yield return $"its language model ran in {run.Evaluated.ModelDtype}, not {first.Evaluated.ModelDtype}";
        if (a.Contexts != b.Contexts) yield return $"it was evaluated on {a.Contexts:n0} contexts, not {b.Contexts:n0}";
        if (run.ContextLength != first.ContextLength) yield return $"its contexts had {run.ContextLength} tokens, not {first.ContextLength}";
        if (a.SkipFirst != b.SkipFirst) yield return $"{a.SkipFirst} positions at the start of each context were left out, not {b.SkipFirst}";
        // Of fewer or shorter contexts the tokens differ in any case.
        if (run.Evaluated.TextHash == first.Evaluated.TextHash || a.Contexts != b.Contexts || run.ContextLength != first.ContextLength) yield break;
        yield return Names(run).SequenceEqual(Names(first))
            ? $"it was evaluated on other contexts of {string.Join(", ", run.Evaluated.Text)} (the text has changed since, or another part of it was held out)"
            : $"it was evaluated on {string.Join(", ", run.Evaluated.Text)}, not {string.Join(", ", first.Evaluated.Text)}";
    }

    private static IEnumerable<string> Names(ComparedRun run) => run.Evaluated.Text.Select(text => Path.GetFileName(text));

    private static string Short(string hash) => hash[..Math.Min(12, hash.Length)];
}
