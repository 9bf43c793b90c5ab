using Mxd.Evaluation.Frontiers;
using Mxd.LanguageModels;

namespace Mxd.Figures;

/// <summary>What sparsity is measured by along the x axis.</summary>
public enum FrontierAxis
{
    /// <summary>Units chosen, as asked for.</summary>
    K,

    /// <summary>Units active, as measured.</summary>
    L0,
}

/// <summary>A figure and the name of its files.</summary>
public sealed record NamedChart(string Name, Chart Chart);

/// <summary>The figures of a comparison: the paper's frontier, and the same runs by FVU, recovered, parameters, operations and tokens.</summary>
public sealed class FrontierFigures
{
    private readonly Frontier frontier;
    private readonly FrontierAxis axis;
    private readonly LineStyles styles;
    private readonly FrontierReferences references;

    public FrontierFigures(Frontier frontier, FrontierAxis axis = FrontierAxis.K)
    {
        this.frontier = frontier;
        this.axis = axis;
        styles = new LineStyles(frontier);
        references = new FrontierReferences(frontier, styles);
    }

    /// <summary>All that these runs give; curves over training only where there is something to show.</summary>
    public IReadOnlyList<NamedChart> All =>
    [
        new("frontier", CrossEntropy),
        new("fvu", BySparsity($"Variance of the MLP's output left unexplained: {Where}", "FVU", Measure.Fvu, Measure.Fvu, references.Controls(Measure.Fvu, Measure.Fvu, "f3"))),
        new("recovered", BySparsity($"Cross-entropy recovered: {Where}", "cross-entropy recovered", Measure.Recovered, Measure.Recovered, references.Recovered)),
        new("recovered-per-parameter", ByCost("parameters", "trained parameters", p => p.Parameters)),
        new("recovered-per-flop", ByCost("operations", "forward FLOPs a token, only chosen units decoded", p => p.FlopsPerToken)),
        .. new TrainingFigures(frontier, styles, Where).All,
    ];

    /// <summary>The paper's main figure: cross-entropy with the layer in place.</summary>
    public Chart CrossEntropy =>
        BySparsity($"Cross-entropy with the layer in place: {Where}", "cross-entropy (nats)", Measure.Spliced, Measure.Increase, references.CrossEntropy);

    /// <summary>Such as "gpt2, layer 8".</summary>
    private string Where
    {
        get
        {
            ComparedRun run = frontier.Runs[0];
            return $"{ModelName.Of(run.Model.Id)}, layer {HookPoint.Parse(run.Description.Origin.Output).Layer}";
        }
    }

    private string Bands(Measure error, string what = "Bands") => error == Measure.Fvu ? $"{what}: ± one standard error between seeds, where there are several" : frontier.Points.Any(p => p.Runs > 1)
        ? $"{what}: ± one standard error{Of(error)}, between seeds where there are several, over {frontier.Common.Contexts:n0} contexts otherwise"
        : $"{what}: ± one standard error{Of(error)} over {frontier.Common.Contexts:n0} contexts";

    private static string Of(Measure error) => error == Measure.Increase ? " of the increase over the model" : "";

    private Chart BySparsity(string title, string label, Measure measure, Measure error, IReadOnlyList<ChartReference> lines)
    {
        ChartSeries[] series =
        [
            .. frontier.Lines.Where(l => !l.IsControl).Select(l => new ChartSeries(
                l.Label, [.. l.Points.Select(p => new ChartPoint(Sparseness(p), p[measure].Mean, p[error].StandardError))], styles[l])),
        ];
        bool hasErrors = series.Any(s => s.Points.Any(p => double.IsFinite(p.Error)));
        return new Chart
        {
            Title = title,
            Subtitle = hasErrors ? Bands(error) : null,
            X = new ChartAxis(axis == FrontierAxis.K ? "K, units chosen for a token" : "L0, units active on a token", AxisScale.Logarithmic),
            Y = new ChartAxis(label),
            Series = series,
            References = lines,
        };
    }

    private Chart ByCost(string cost, string label, Func<FrontierPoint, long?> of)
    {
        ChartSeries[] series =
        [
            .. frontier.Lines.Select(l => new ChartSeries(
                l.Label,
                [.. l.Points.Where(p => of(p) is not null).Select(p => new ChartPoint(of(p)!.Value, p[Measure.Recovered].Mean, p[Measure.Recovered].StandardError, p.K is { } k ? $"K {k}" : null))],
                styles[l] with { HasLine = l.Points.Select(of).Distinct().Count() > 1 })).Where(s => s.Points.Count > 0),
        ];
        double[] costs = [.. series.SelectMany(s => s.Points).Select(p => p.X)];
        bool isWide = costs.Length > 0 && costs.Max() > 4 * costs.Min();
        return new Chart
        {
            Title = $"Cross-entropy recovered by {cost}: {Where}",
            Subtitle = Bands(Measure.Recovered, "Bars"),
            X = new ChartAxis(label, isWide ? AxisScale.Logarithmic : AxisScale.Linear),
            Y = new ChartAxis("cross-entropy recovered"),
            Series = series,
            References = [.. references.Recovered.Take(3)],
        };
    }

    private double Sparseness(FrontierPoint point) => axis == FrontierAxis.L0 ? point[Measure.L0].Mean : point.K ?? double.NaN;
}
