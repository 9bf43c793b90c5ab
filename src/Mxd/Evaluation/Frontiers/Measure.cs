namespace Mxd.Evaluation.Frontiers;

/// <summary>A number that runs are compared by.</summary>
/// <param name="Name">In JSON, CSV and reference files.</param>
/// <param name="Of">Reads it from an evaluation; not a number where there is none.</param>
/// <param name="ErrorOf">Its standard error over contexts.</param>
public sealed record Measure(string Name, Func<CostOfReplacement, double> Of, Func<CostStandardErrors, double> ErrorOf)
{
    public static Measure Model { get; } = new("cross_entropy_model", c => c.CrossEntropy.Model, e => e.CrossEntropy.Model);

    public static Measure Spliced { get; } = new("cross_entropy_spliced", c => c.CrossEntropy.Spliced, e => e.CrossEntropy.Spliced);

    public static Measure ZeroAblated { get; } = new("cross_entropy_zero_ablated", c => c.CrossEntropy.ZeroAblated, e => e.CrossEntropy.ZeroAblated);

    public static Measure MeanAblated { get; } = new("cross_entropy_mean_ablated", c => c.CrossEntropy.MeanAblated, e => e.CrossEntropy.MeanAblated);

    /// <summary>Spliced minus the model's own; its error over contexts is the paired one.</summary>
    public static Measure Increase { get; } = new("cross_entropy_increase", c => c.CrossEntropyIncrease.Spliced, e => e.CrossEntropyIncrease.Spliced);

    public static Measure Recovered { get; } = new("cross_entropy_recovered", c => c.CrossEntropyRecovered, e => e.CrossEntropyRecovered);

    public static Measure Kl { get; } = new("kl", c => c.Kl, e => e.Kl);

    public static Measure Fvu { get; } = new("fvu", c => c.Fvu ?? double.NaN, _ => double.NaN);

    public static Measure NormScaledMse { get; } = new("norm_scaled_mse", c => c.NormScaledMse ?? double.NaN, _ => double.NaN);

    public static Measure L0 { get; } = new("l0", c => c.L0 ?? double.NaN, _ => double.NaN);

    public static Measure DeadFraction { get; } = new("dead_fraction", c => c.DeadFraction ?? double.NaN, _ => double.NaN);

    /// <summary>All, in the order of the columns of a CSV.</summary>
    public static IReadOnlyList<Measure> All { get; } =
        [Spliced, Model, ZeroAblated, MeanAblated, Increase, Recovered, Kl, Fvu, NormScaledMse, L0, DeadFraction];
}
