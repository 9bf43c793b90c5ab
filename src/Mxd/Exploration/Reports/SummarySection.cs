using System.Globalization;
using Mxd.Evaluation;

namespace Mxd.Exploration.Reports;

/// <summary>The beginning of the page: what was asked and what came of it, in a few sentences, and where to find the rest.</summary>
internal static class SummarySection
{
    public static Html Of(ReportContent content, IEnumerable<(string Id, string Title)> sections) => Html.Of($"""
        <header>
        <h1>{content.Title}</h1>
        <p class="lead">{Question(content.Runs)}</p>
        <ul>
        {content.Runs.Select(Answer)}</ul>
        {Comparison(content.Runs)}<nav aria-label="Contents"><ul>
        {sections.Select(s => Html.Of($"<li><a href=\"#{s.Id}\">{s.Title}</a></li>\n"))}</ul></nav>
        </header>
        """);

    private static string Question(IReadOnlyList<ReportedRun> runs)
    {
        string places = string.Join(" and ", runs.Select(SetupSection.Place).Distinct());
        string what = runs.Count == 1 ? "One layer was trained" : $"{runs.Count} layers were trained";
        return $"{what} to do the work of a part of a language model ({places}). How much worse does the model predict held-out text with the layer in place?";
    }

    private static Html Answer(ReportedRun run)
    {
        CostOfReplacement cost = run.Evaluation.Cost;
        string error = double.IsFinite(cost.StandardErrors.CrossEntropyIncrease.Spliced) ? string.Create(CultureInfo.InvariantCulture, $"\u00a0±\u00a0{cost.StandardErrors.CrossEntropyIncrease.Spliced:f4}") : "";
        return Html.Of($"""
            <li><strong>{run.Name}</strong> ({LayerName.Of(run)}, {Numbers.Rough(run.Evaluation.Parameters)} parameters): cross-entropy {Change(cost.CrossEntropyIncrease.Spliced)}{error} nats, from {cost.CrossEntropy.Model:f4} to {cost.CrossEntropy.Spliced:f4}; without the MLP it is {cost.CrossEntropy.ZeroAblated:f4}. Recovered: {Numbers.Share(cost.CrossEntropyRecovered)}.</li>

            """);
    }

    private static string Change(double increase) => increase >= 0
        ? string.Create(CultureInfo.InvariantCulture, $"rises by {increase:f4}")
        : string.Create(CultureInfo.InvariantCulture, $"falls by {-increase:f4}");

    private static Html Comparison(IReadOnlyList<ReportedRun> runs)
    {
        if (runs.Count < 2 || !ResultsSection.AreComparable(runs)) return Html.Empty;
        ReportedRun best = runs.MinBy(r => r.Evaluation.Cost.CrossEntropyIncrease.Spliced)!;
        return Html.Of($"<p>The lowest cross-entropy with a layer in place is that of <strong>{best.Name}</strong>. Look at the standard errors before you conclude from small differences: the runs were measured on the same contexts, of which there are {Numbers.Whole(best.Evaluation.Cost.Contexts)}.</p>\n");
    }
}
