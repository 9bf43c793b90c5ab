namespace Mxd.Exploration.Reports;

/// <summary>How often the units of each layer are active.</summary>
internal static class UsageSection
{
    public const string Id = "usage", Title = "How often units are active";

    public static Html Of(ReportContent content)
    {
        ReportedRun[] runs = [.. content.Runs.Where(r => r.Units is not null)];
        SurveyedText text = content.Text!;
        return Html.Of($"""
            <section aria-labelledby="{Id}">
            <h2 id="{Id}">{Title}</h2>
            <p>Over {Numbers.Whole(text.Contexts)} contexts, {Numbers.Whole(text.Contexts * text.ContextLength)} tokens, of {string.Join(", ", text.Files)}; a unit is active where its coefficient is above zero. Units on the left of a histogram are active on few tokens, those on the right on many.</p>
            <div class="figures">
            {runs.Select(r => Drawings.Figure(Drawings.Usage(r), Caption(r.Units!.Usage)))}</div>
            <div class="box" role="region" aria-labelledby="{Id}-table" tabindex="0">
            <table>
            <caption id="{Id}-table">Use of units</caption>
            <thead><tr><th scope="col">Run</th><th scope="col">Units</th><th scope="col">Never active</th><th scope="col">L0</th><th scope="col">Median use<small>of units ever active</small></th><th scope="col">Most used<small>share of tokens</small></th><th scope="col">Effective units<small>exp(entropy)</small></th></tr></thead>
            <tbody>
            {runs.Select(Row)}</tbody>
            </table>
            </div>
            <p class="muted">“Never active” depends on how much text was looked at: more text finds rarer uses.</p>
            </section>
            """);
    }

    private static string Caption(UsageSummary usage) =>
        $"{Numbers.Whole(usage.Units - usage.Never)} of {Numbers.Whole(usage.Units)} units are active somewhere; {Numbers.Whole(usage.Never)} never are and stand in no bar.";

    private static Html Row(ReportedRun run)
    {
        UsageSummary u = run.Units!.Usage;
        return Html.Of($"<tr><th scope=\"row\">{run.Name}<small>{LayerName.Of(run)}</small></th><td>{Numbers.Whole(u.Units)}</td><td>{Numbers.Whole(u.Never)} <span class=\"error\">{Numbers.Share((double)u.Never / u.Units)}</span></td><td>{Numbers.Plain(u.L0, "f2")}</td><td>{Numbers.Share(u.MedianFrequency)}</td><td>{Numbers.Share(u.LargestFrequency)}</td><td>{Numbers.Plain(u.EffectiveUnits, "n0")}</td></tr>\n");
    }
}
