using System.Text.Json;
using Mxd.Interchange;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Exploration.Reports;

/// <summary>What was asked, on what, with what and where: enough to do it again.</summary>
internal static class SetupSection
{
    public const string Id = "setup", Title = "What was asked, and on what";

    public static Html Of(ReportContent content) => Html.Of($"""
        <section aria-labelledby="{Id}">
        <h2 id="{Id}">{Title}</h2>
        {content.Runs.Select(Run)}<h3>This page</h3>
        {Facts(Made(content))}</section>
        """);

    /// <summary>Hook points and model, shortly.</summary>
    public static string Place(ReportedRun run)
    {
        (string? input, string? output) = (run.Saved.Input, run.Saved.Output);
        string points = input == output ? $"{input}" : $"{input} to {output}";
        return run.Saved.ModelName is { } model ? $"{points} of {model}" : points;
    }

    private static Html Run(ReportedRun run) => Html.Of($"""
        <h3>{run.Name}</h3>
        {Facts([.. Layer(run), .. run.Description is { } d ? Training(d, run) : Imported(run.Saved)])}{All(run)}
        """);

    private static IEnumerable<(string, string)> Layer(ReportedRun run)
    {
        yield return ("layer", $"{LayerName.Of(run)}, {run.Saved.Layer.InputWidth} values in, {run.Saved.Layer.OutputWidth} out{(run.Saved.Layer.Units > 0 ? $", {Numbers.Whole(run.Saved.Layer.Units)} {LayerName.Units(run)}" : "")}{(run.Saved.Layer.Hidden is { } hidden ? $", hidden width {Numbers.Whole(hidden)}" : "")}, {Numbers.Whole(run.Evaluation.Parameters)} parameters");
        yield return ("stands in for", Place(run));
        yield return ("measured on", $"{string.Join(", ", run.Evaluation.Text)}; model in {run.Evaluation.ModelDtype}");
        yield return ("model’s weights", $"SHA-256 {run.Evaluation.WeightsHash}");
    }

    private static IEnumerable<(string, string)> Training(RunDescription d, ReportedRun run)
    {
        (TrainOptions o, TrainResult? result) = (d.Options, run.Result);
        yield return ("model", $"{d.Origin.Model.Id} ({d.Origin.Model.Architecture}, {d.Origin.Model.Layers} layers of width {d.Origin.Model.Width}) in {o.ModelDtype}");
        yield return ("trained on", $"{Trained(o, run)} of {string.Join(", ", o.Text)}, contexts of {o.Context} tokens");
        yield return ("held out", o.Validation.Count > 0 ? string.Join(", ", o.Validation) : $"{Numbers.Share(o.HeldOut)} of its documents");
        yield return ("training", $"AdamW, learning rate {Numbers.Short(o.LearningRate)} ({o.Schedule}, {o.Warmup} steps of warm-up), {Numbers.Whole(o.Batch)} tokens a step, {o.Precision}, seed {o.Seed}{(o.DataSeed is { } data ? $", order of the text {data}" : "")}");
        yield return ("ended", result is null ? "not yet: it was stopped, and its layer is that of a checkpoint" : $"after {Numbers.Whole((long)Math.Ceiling(result.Seconds))} s, {Numbers.Whole((long)result.TokensPerSecond)} tokens/s, {ByteSize.Format(result.PeakMemoryBytes)} of memory at most");
        yield return ("machine", d.Machine.ToString());
        yield return ("version", $"mxd {d.Version}");
    }

    /// <summary>A run that has not ended has trained on what its layer says, and not on what was planned.</summary>
    private static string Trained(TrainOptions options, ReportedRun run) => run.Result is { } result
        ? $"{Numbers.Whole(result.Tokens)} tokens"
        : $"{Numbers.Whole(run.Saved.Origin?.TrainedTokens ?? 0)} tokens so far, of {Numbers.Whole(options.TrainedTokens)} planned,";

    private static IEnumerable<(string, string)> Imported(SavedLayer saved)
    {
        yield return ("imported", saved.Imported is { } imported ? $"from {imported.Format}: {imported.Source}" : "without a run");
    }

    private static Html All(ReportedRun run) => run.Description is { } description
        ? Html.Of($"<details><summary>All options of {run.Name}</summary>\n<pre>{JsonSerializer.Serialize(description.Options, Json.Indented)}</pre></details>\n")
        : Html.Empty;

    private static IEnumerable<(string, string)> Made(ReportContent content)
    {
        yield return ("made by", $"mxd {content.Version}");
        yield return ("on", content.Machine.ToString());
        if (content.Text is { } text)
            yield return ("units looked up in", $"{Numbers.Whole(text.Contexts)} contexts of {text.ContextLength} tokens of {string.Join(", ", text.Files)}; model in {text.ModelDtype}");
    }

    private static Html Facts(IEnumerable<(string Name, string Value)> facts) =>
        Html.Of($"<dl class=\"facts\">\n{facts.Select(f => Html.Of($"<dt>{f.Name}</dt><dd>{f.Value}</dd>\n"))}</dl>\n");
}
