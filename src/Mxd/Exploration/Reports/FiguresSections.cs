using Mxd.Evaluation.Frontiers;

namespace Mxd.Exploration.Reports;

/// <summary>Cross-entropy against the number of active units, where several runs were measured alike.</summary>
internal static class FrontierSection
{
    public const string Id = "frontier", Title = "Cost against sparsity";

    public static bool Applies(ReportContent content) =>
        ResultsSection.AreComparable(content.Runs) && Drawings.Compare(content.Runs) is not null;

    public static Html Of(ReportContent content) => Html.Of($"""
        <section aria-labelledby="{Id}">
        <h2 id="{Id}">{Title}</h2>
        {Figure(Drawings.Compare(content.Runs)!)}</section>
        """);

    private static Html Figure(Frontier frontier) => Drawings.Figure(
        Drawings.CrossEntropy(frontier),
        string.Join(' ', ["Lower is better, and to the left is sparser. A line a layer type, a point a number of chosen units; the table above has every number.", .. frontier.Notes]),
        "wide");
}

/// <summary>How training went.</summary>
internal static class TrainingSection
{
    public const string Id = "training", Title = "Training";

    public static bool Applies(ReportContent content) => Runs(content).Length > 0;

    public static Html Of(ReportContent content) => Html.Of($"""
        <section aria-labelledby="{Id}">
        <h2 id="{Id}">{Title}</h2>
        <div class="figures">
        {Drawings.Figure(Drawings.Curve(Runs(content), "Held-out error", "FVU, held-out text", m => m.Validation.Fvu), $"FVU on held-out text while training; {(Runs(content).All(r => r.Result is not null) ? "at the end" : "last measured")} {string.Join(", ", Runs(content).Select(r => $"{r.Name} {Numbers.Short(r.Metrics[^1].Validation.Fvu)}"))}.")}{Drawings.Figure(Drawings.Curve(Runs(content), "Loss", "loss of a batch", m => m.Loss.Total), "The loss of single batches before their update: it wavers from batch to batch.")}</div>
        </section>
        """);

    /// <summary>A line needs two points.</summary>
    private static ReportedRun[] Runs(ReportContent content) => [.. content.Runs.Where(r => r.Metrics.Count > 1)];
}
