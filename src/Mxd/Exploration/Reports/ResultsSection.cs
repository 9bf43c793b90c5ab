using Mxd.Evaluation;
using Mxd.Layers;

namespace Mxd.Exploration.Reports;

/// <summary>What each layer costs the model: a row a run.</summary>
internal static class ResultsSection
{
    private static readonly (Html Title, Func<EvaluatedRun, CostOfReplacement, Html> Cell)[] columns =
    [
        (Head("Cross-entropy", "model alone"), (_, c) => Numbers.WithError(c.CrossEntropy.Model, c.StandardErrors.CrossEntropy.Model)),
        (Head("Cross-entropy", "layer in place"), (_, c) => Numbers.WithError(c.CrossEntropy.Spliced, c.StandardErrors.CrossEntropy.Spliced)),
        (Head("Increase", "layer in place"), (_, c) => Numbers.WithError(c.CrossEntropyIncrease.Spliced, c.StandardErrors.CrossEntropyIncrease.Spliced)),
        (Head("Recovered", "of zero-ablation"), (_, c) => Numbers.WithError(c.CrossEntropyRecovered, c.StandardErrors.CrossEntropyRecovered)),
        (Head("KL", "to the model"), (_, c) => Numbers.WithError(c.Kl, c.StandardErrors.Kl)),
        (Head("FVU", "lower is better"), (_, c) => Numbers.Plain(c.Fvu, "f4")),
        (Head("L0", "units a token"), (r, c) => HasUnits(r) ? Numbers.Plain(c.L0, "f2") : Numbers.Plain(null, "")),
        (Head("Dead units", "share"), (r, c) => HasUnits(r) ? Numbers.Plain(c.DeadFraction, "p1") : Numbers.Plain(null, "")),
        (Head("Parameters", "trained"), (r, _) => Html.Of($"<data value=\"{r.Parameters}\">{Numbers.Whole(r.Parameters)}</data>")),
        (Head("Cross-entropy", "MLP set to zero"), (_, c) => Numbers.WithError(c.CrossEntropy.ZeroAblated, c.StandardErrors.CrossEntropy.ZeroAblated)),
        (Head("Cross-entropy", "MLP set to its mean"), (_, c) => Numbers.WithError(c.CrossEntropy.MeanAblated, c.StandardErrors.CrossEntropy.MeanAblated)),
    ];

    public static Html Of(ReportContent content) => Html.Of($"""
        <section aria-labelledby="results">
        <h2 id="results">What each layer costs the model</h2>
        {Comparability(content.Runs)}<div class="box" role="region" aria-labelledby="results-table" tabindex="0">
        <table>
        <caption id="results-table">Cost of each layer</caption>
        <thead><tr><th scope="col">Run</th>{columns.Select(c => Html.Of($"<th scope=\"col\">{c.Title}</th>"))}</tr></thead>
        <tbody>
        {content.Runs.SelectMany(Rows)}</tbody>
        </table>
        </div>
        <p class="muted">{Explanation(content.Runs)}<span class="screen"> The table scrolls sideways where it is wider than the page.</span></p>
        </section>
        """);

    /// <summary>Do all stand at one place of one model, and were measured on the same tokens?</summary>
    public static bool AreComparable(IReadOnlyList<ReportedRun> runs) =>
        runs.All(r => r.Evaluation.IsMeasuredLike(runs[0].Evaluation) && r.Saved.Output == runs[0].Saved.Output);

    private static Html Comparability(IReadOnlyList<ReportedRun> runs) => AreComparable(runs)
        ? Html.Empty
        : Html.Of($"<p class=\"note\">These runs do not all stand at the same layer, or were not all measured on the same tokens in the same model: their numbers cannot be compared with each other. Runs of one layer are measured together by <code>mxd eval --run</code> with all of them.</p>\n");

    private static IEnumerable<Html> Rows(ReportedRun run)
    {
        yield return Row(Html.Of($"{run.Name}<small>{LayerName.Of(run)}</small>"), run.Evaluation, run.Evaluation.Cost);
        if (run.Evaluation.Cost.Elsewhere is { } other)
            yield return Row(Html.Of($"{run.Name}<small>{Positions(other.SkipFirst)}, where that moves a number by more than 5 %</small>"), run.Evaluation, other);
    }

    private static Html Row(Html name, EvaluatedRun run, CostOfReplacement cost) =>
        Html.Of($"<tr><th scope=\"row\">{name}</th>{columns.Select(c => Html.Of($"<td>{c.Cell(run, cost)}</td>"))}</tr>\n");

    private static string Explanation(IReadOnlyList<ReportedRun> runs)
    {
        CostOfReplacement first = runs[0].Evaluation.Cost;
        string measured = AreComparable(runs)
            ? $" Measured on {Numbers.Whole(first.Contexts)} contexts, {Numbers.Whole(first.Tokens)} tokens ({Positions(first.SkipFirst)}) of held-out text, model in {runs[0].Evaluation.ModelDtype}."
            : "";
        return $"Cross-entropy and KL in nats. ± is one standard error over contexts, paired for differences.{measured}";
    }

    private static string Positions(int skipped) => skipped switch
    {
        0 => "every position",
        1 => "without each context’s first position",
        _ => $"without each context’s first {skipped} positions",
    };

    private static Html Head(string title, string small) => Html.Of($"{title}<small>{small}</small>");

    private static bool HasUnits(EvaluatedRun run) => LayerTypes.Find(run.Type) is not { HasUnits: false };
}
