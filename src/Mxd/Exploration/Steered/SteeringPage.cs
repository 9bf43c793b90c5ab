using Mxd.Exploration.Reports;
using Mxd.Runtime;

namespace Mxd.Exploration.Steered;

/// <summary>A steering experiment as one HTML file: for each unit its continuations, beside those without steering.</summary>
public static class SteeringPage
{
    /// <summary>Writes the page, whole or not at all, as UTF-8.</summary>
    public static void Write(string file, SteeringResult result) => AtomicFile.WriteAllText(file, Build(result));

    /// <summary>The page. The same result gives the same text.</summary>
    public static string Build(SteeringResult result) => Page.Of(Page.Steer, Title(result), Html.Of($"""
        <header>
        <h1>{Title(result)}</h1>
        <p class="lead">“{result.Prompt}”, continued with {(result.Runs is { } runs
            ? $"layers {string.Join(", ", runs.Select(run => $"{run.Layer} ({run.Type})"))} in the place of the model's MLPs: as they are"
            : $"a layer of type {result.Type} in the place of the model's MLP: as it is")}, and with units steered.</p>
        <p>A coefficient is added to a unit at {(result.Options.Positions == "new" ? "the prompt's last token and every later one" : "every token")}, after the layer has chosen its own units. Perplexity is that of a continuation under the
        language model as it is; KL, in nats, says how far steering moves the prediction that follows the prompt.</p>
        <p class="muted">Temperature {result.Options.Temperature}, top-p {result.Options.TopP}, frequency penalty {result.Options.FrequencyPenalty}, seed {result.Options.Seed}; at most {result.Options.Tokens} tokens.</p>
        </header>
        <main>
        <section aria-labelledby="unsteered">
        <h2 id="unsteered">Not steered</h2>
        {List(result.Unsteered)}</section>
        <section aria-labelledby="steered">
        <h2 id="steered">Steered</h2>
        <div class="units">
        {result.Units.Select(Unit)}</div>
        </section>
        </main>
        """)).ToString();

    private static string Title(SteeringResult result) => $"Steering {string.Join(", ", result.Runs?.Select(run => Path.GetFileName(run.Run)) ?? [Path.GetFileName(result.Run)])}";

    private static Html Unit(SteeredUnits units) => Html.Of($"""
        <article class="unit">
        <h4>{(units.Units.Count == 1 ? "Unit" : "Units")} {string.Join(", ", units.Names)}</h4>
        {(units.Why is { } why ? Html.Of($"<p>{why}</p>\n") : Html.Empty)}<p class="muted">Coefficient {string.Join(", ", units.Coefficients.Select(Numbers.Short))}; KL {Numbers.Short(units.Divergence)}; perplexity {Perplexity(units.Perplexity)}.</p>
        {(units.Failure is { } failure ? Html.Of($"<p class=\"note\">{failure}</p>\n") : List(units.Samples))}</article>

        """);

    private static Html List(IReadOnlyList<SteeredSample> samples) =>
        Html.Of($"<ol class=\"contexts\">\n{samples.Select(s => Html.Of($"<li><span>{Perplexity(s.Perplexity)}</span><p dir=\"auto\">{s.Text.Replace("\uFFFD", TokenSigns.PartOfCharacter, StringComparison.Ordinal)}</p></li>\n"))}</ol>\n");

    /// <summary>A continuation without tokens has none.</summary>
    private static string Perplexity(double value) => double.IsFinite(value) ? Numbers.Short(value) : "–";
}
