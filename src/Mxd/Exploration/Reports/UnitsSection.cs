namespace Mxd.Exploration.Reports;

/// <summary>A sample of units with the contexts they are active in.</summary>
internal static class UnitsSection
{
    public const string Id = "units", Title = "A sample of units";

    public static Html Of(ReportContent content) => Html.Of($"""
        <section aria-labelledby="{Id}">
        <h2 id="{Id}">{Title}</h2>
        <p>Chosen by rule and not by hand, by turns: units whose activation falls on few tokens, and units that are active again and again within few contexts. Most units of a layer are less clear than these. {Legend}</p>
        {content.Runs.Where(r => r.Units is not null).Select(Run)}</section>
        """);

    private static Html Legend { get; } = Html.Of($"The darker a token and the thicker the line under it, the more the unit is active on it, from <mark class=\"a1\">a little</mark> over <mark class=\"a3\">half</mark> to <mark class=\"a5\">its largest</mark>; <mark class=\"a5 peak\">bold</mark> is the strongest token of an excerpt, whose coefficient stands beside it. Point at a token for its exact value. ↵ is a new line.");

    private static Html Run(ReportedRun run) => Html.Of($"""
        <h3>{run.Name} <span class="muted">({LayerName.Of(run)})</span></h3>
        {(run.Units!.Sample.Count == 0 ? Html.Of($"<p>No unit is active in {UnitSelection.LeastContexts} contexts or more of this text: look at more of it by --contexts.</p>\n") : Html.Empty)}<div class="units">
        {run.Units.Sample.Select(Unit)}</div>

        """);

    private static Html Unit(ReportedUnit unit)
    {
        UnitContexts contexts = unit.Contexts;
        // Of what is shown: on first tokens of contexts, which are not, the unit may be more active.
        double largest = contexts.Strongest.Count > 0 ? contexts.Strongest[0].Activation : contexts.Maximum;
        return Html.Of($"""
            <article class="unit">
            <h4>Unit {contexts.Unit}</h4>
            <p>{Why(unit)}</p>
            <p class="muted">Active on {Numbers.Share(contexts.Frequency)} of tokens, in {Numbers.Whole(contexts.Contexts)} contexts; mean {Numbers.Short(contexts.Mean ?? 0)}, largest {Numbers.Short(contexts.Maximum)}.</p>
            <h5>Strongest</h5>
            {List(contexts.Strongest, largest)}{(contexts.Spread.Count == 0 ? Html.Empty : Html.Of($"<h5>Others, spread over its range</h5>\n{List(contexts.Spread, largest)}"))}</article>

            """);
    }

    private static Html Why(ReportedUnit unit)
    {
        IEnumerable<Html> tokens = unit.Contexts.CommonTokens.Select((t, i) => Html.Of($"{(i == 0 ? "" : ", ")}<span class=\"token\">{TokenSigns.Alone(t.Text)}</span> {Numbers.Share(t.Share)}"));
        return unit.Chosen.Distinction == Distinction.Tokens
            ? Html.Of($"A few tokens: {tokens} of its activation, at least.")
            : Html.Of($"A topic: active in {Numbers.Share(1 - unit.Chosen.Score)} of the contexts that its tokens, scattered at random, would touch; of its activation, at least, on {tokens}.");
    }

    private static Html List(IReadOnlyList<UnitExcerpt> excerpts, double maximum) =>
        Html.Of($"<ol class=\"contexts\">\n{excerpts.Select(e => Html.Of($"<li><span>{Numbers.Short(e.Activation)}</span><p dir=\"auto\">{Marks.Of(e, maximum)}</p></li>\n"))}</ol>\n");
}
