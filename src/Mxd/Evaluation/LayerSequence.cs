using Mxd.LanguageModels;

namespace Mxd.Evaluation;

/// <summary>Runs at places of their own in the language model, which are put in place one after another from the shallowest on.</summary>
/// <param name="Type">Their kind of layer; null where they differ in it.</param>
/// <param name="Sparsity">How their units are chosen, as people read it; null where they differ in it, or have none.</param>
/// <param name="Runs">Their numbers, in order of depth.</param>
public sealed record LayerSequence(string? Type, string? Sparsity, IReadOnlyList<int> Runs)
{
    /// <summary>What tells runs apart, from the coarsest to the finest: the first by which no two of a sequence are at one place divides them.</summary>
    private static readonly Func<EvalRun, (string?, string?)>[] divisions =
        [_ => (null, null), run => (run.Saved.Layer.Type, null), run => (run.Saved.Layer.Type, run.Saved.Layer.Sparsity?.Title)];

    /// <summary>What it is called in a table and a figure.</summary>
    public string Title => Type is null ? "all runs" : Sparsity is null ? Type : $"{Type}, {Sparsity}";

    /// <summary>
    /// The sequences that runs make: all in one where each is at a place of its own, otherwise one a type, otherwise one a type and sparsity. A run by itself makes none.
    /// </summary>
    public static IReadOnlyList<LayerSequence> Of(IReadOnlyList<EvalRun> runs)
    {
        foreach (Func<EvalRun, (string?, string?)> division in divisions)
        {
            int[][] parts = [.. Enumerable.Range(0, runs.Count).GroupBy(i => division(runs[i])).Select(part => part.ToArray())];
            if (Array.TrueForAll(parts, part => part.Select(i => Place(runs[i])).Distinct().Count() == part.Length))
                return [.. parts.Where(part => part.Length > 1).Select(part => Of(part, runs))];
        }
        return [];
    }

    /// <summary>Why runs at several places make no sequence, as half a sentence; null where they make one, or are all at one place.</summary>
    public static string? WhyNone(IReadOnlyList<EvalRun> runs)
    {
        if (Of(runs).Count > 0 || runs.Select(Place).Distinct().Count() < 2) return null;
        foreach (IGrouping<(string, string?, HookPoint), EvalRun> same in runs.GroupBy(run => (run.Saved.Layer.Type, run.Saved.Layer.Sparsity?.Title, Place(run))))
            if (same.Count() > 1) return $"{same.First().Path} and {same.ElementAt(1).Path} are of one type and sparsity at {same.Key.Item3}";
        return "no two of one type are at different layers";
    }

    private static LayerSequence Of(int[] part, IReadOnlyList<EvalRun> runs)
    {
        string[] types = [.. part.Select(i => runs[i].Saved.Layer.Type).Distinct()];
        string?[] sparsities = [.. part.Select(i => runs[i].Saved.Layer.Sparsity?.Title).Distinct()];
        return new LayerSequence(types.Length == 1 ? types[0] : null, sparsities.Length == 1 ? sparsities[0] : null, [.. part.OrderBy(i => Place(runs[i]).Layer).ThenBy(i => Place(runs[i]).Site)]);
    }

    private static HookPoint Place(EvalRun run) => HookPoint.Parse(run.Saved.Output!);
}
