using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Evaluation.Frontiers;

/// <summary>Runs as lines of points: what each layer type costs the model at each K.</summary>
/// <param name="Lines">In the order of the layer types; published ones last.</param>
/// <param name="Runs">All that were compared.</param>
/// <param name="Notes">What a reader should know about how points came about.</param>
public sealed record Frontier(IReadOnlyList<FrontierLine> Lines, IReadOnlyList<ComparedRun> Runs, IReadOnlyList<string> Notes)
{
    /// <summary>The model's own cross-entropy and those with the MLP ablated are the same for all runs, up to rounding.</summary>
    public CostOfReplacement Common => Runs[0].Cost;

    public IEnumerable<FrontierPoint> Points => Lines.SelectMany(l => l.Points);

    /// <summary>Groups runs: seeds become one point; of several learning rates the best stays.</summary>
    /// <param name="runs">Measured alike.</param>
    /// <param name="allLearningRates">Keep each learning rate as a line of its own.</param>
    /// <param name="published">Points from elsewhere.</param>
    public static Frontier Of(IReadOnlyList<ComparedRun> runs, bool allLearningRates = false, IReadOnlyList<FrontierPoint>? published = null)
    {
        List<string> notes = [];
        List<FrontierLine> lines = [];
        foreach (IGrouping<string, ComparedRun> type in runs.GroupBy(r => r.Layer.Type).OrderBy(g => Order(g.Key)))
        {
            var groups = type.GroupBy(r => string.Join('|', Configuration.Facts(r, allLearningRates)), StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).ToArray();
            IReadOnlyList<string[]> differences = Configuration.Differences([.. groups.Select(g => Configuration.Facts(g.First(), allLearningRates))]);
            lines.AddRange(groups.Zip(differences, (group, own) => Line(string.Join(", ", [Title(type.Key), .. own]), [.. group], notes)));
        }
        foreach (IGrouping<(string Type, string? Source, string Line), FrontierPoint> line in (published ?? []).GroupBy(p => (p.Type, p.Source, p.Line)))
        {
            string label = $"{(line.Key.Line.Length > 0 ? line.Key.Line : Title(line.Key.Type))} ({line.Key.Source})";
            FrontierPoint[] points = [.. line.Select(p => p with { Line = label }).OrderBy(Sparseness)];
            lines.Add(new FrontierLine(label, line.Key.Type, line.Key.Source, points, [.. points.Select(_ => (ComparedRun[])[])]));
        }
        return new Frontier(lines, runs, notes);
    }

    /// <summary>Does a run count in a point?</summary>
    public bool Uses(ComparedRun run) => Lines.Any(l => l.Members.Any(m => m.Contains(run)));

    private static FrontierLine Line(string label, ComparedRun[] runs, List<string> notes)
    {
        var points = runs.GroupBy(r => r.Layer.Sparsity).Select(group => Best([.. group], label, notes)).Select(members => (Point: Point(label, members), Members: members))
            .OrderBy(p => Sparseness(p.Point)).ToArray();
        return new FrontierLine(label, runs[0].Layer.Type, null, [.. points.Select(p => p.Point)], [.. points.Select(p => p.Members)]);
    }

    /// <summary>
    /// The runs of the learning rate with the lowest mean FVU on the text that the runs themselves held out, one a seed: a sweep may have repeated another's
    /// configuration, to the same bits, and that is no further sample.
    /// </summary>
    private static ComparedRun[] Best(ComparedRun[] found, string label, List<string> notes)
    {
        ComparedRun[] runs = [.. found.DistinctBy(r => (r.Options.LearningRate, r.Options.Seed, r.Options.ShuffleSeed))];
        if (found.Except(runs).Select(r => r.Path).ToArray() is { Length: > 0 } repeated)
            notes.Add($"{label}: {string.Join(", ", repeated)} {(repeated.Length == 1 ? "has" : "have")} the configuration and seeds of another run and {(repeated.Length == 1 ? "counts" : "count")} once.");
        var rates = runs.GroupBy(r => r.Options.LearningRate).OrderBy(g => g.Average(r => double.IsFinite(r.HeldOutFvu) ? r.HeldOutFvu : double.PositiveInfinity)).ThenBy(g => g.Key).ToArray();
        if (rates.Length > 1)
            notes.Add(FormattableString.Invariant($"{label}{(runs[0].Layer.Sparsity is { } s ? $", {s.Title}" : "")}: learning rate {SmallNumber.Write(rates[0].Key)} of {string.Join(", ", rates.OrderBy(r => r.Key).Select(Rate))}, by FVU on held-out text at the end of training."));

        // A rate at which some seeds failed was judged by the others.
        string Rate(IGrouping<double, ComparedRun> rate) =>
            FormattableString.Invariant($"{SmallNumber.Write(rate.Key)}{(rates.All(r => r.Count() == rates[0].Count()) ? "" : rate.Count() == 1 ? " (1 seed)" : $" ({rate.Count()} seeds)")}");
        return [.. rates[0].OrderBy(r => r.Options.Seed)];
    }

    private static FrontierPoint Point(string label, ComparedRun[] members)
    {
        ComparedRun first = members[0];
        return new FrontierPoint
        {
            Type = first.Layer.Type,
            Line = label,
            Sparsity = first.Layer.Sparsity?.Title,
            K = first.Layer.Sparsity?.Active,
            Units = first.Layer.Units > 0 ? first.Layer.Units : null,
            Hidden = first.Layer.Hidden,
            Parameters = first.Evaluated.Parameters,
            FlopsPerToken = first.Flops(members.Average(r => r.Cost.L0)),
            TrainedTokens = first.Result.Tokens,
            LearningRate = LayerTypes.Find(first.Layer.Type) is { IsFitted: true } ? null : first.Options.LearningRate,
            Runs = members.Length,
            Measures = Measure.All.ToDictionary(
                m => m.Name, m => Statistic.Of([.. members.Select(r => m.Of(r.Cost))], [.. members.Select(r => m.ErrorOf(r.Cost.StandardErrors))])),
        };
    }

    private static double Sparseness(FrontierPoint point) => point.K ?? point[Measure.L0].Mean;

    private static string Title(string type) => LayerTypes.Find(type)?.Title ?? type;

    private static int Order(string type) => LayerTypes.Names.ToList().IndexOf(type) is var place && place >= 0 ? place : int.MaxValue;
}
