namespace Mxd.Evaluation.Frontiers;

/// <summary>A measure of one configuration, over its seeds.</summary>
/// <param name="Mean">Over seeds.</param>
/// <param name="OverContexts">Standard error over the contexts evaluated: of several runs the root of the mean square, since they share the contexts.</param>
/// <param name="BetweenSeeds">Standard error of the mean between seeds; not a number for fewer than two.</param>
public sealed record Statistic(double Mean, double OverContexts = double.NaN, double BetweenSeeds = double.NaN)
{
    /// <summary>Between seeds where there are several, over contexts otherwise.</summary>
    public double StandardError => double.IsFinite(BetweenSeeds) ? BetweenSeeds : OverContexts;

    /// <param name="values">One a seed.</param>
    /// <param name="errors">Of each, over contexts.</param>
    public static Statistic Of(IReadOnlyList<double> values, IReadOnlyList<double> errors) =>
        new(values.Average(), Math.Sqrt(errors.Average(e => e * e)), new Metrics.ContextSeries(values).StandardError);
}
