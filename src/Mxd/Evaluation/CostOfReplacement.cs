using System.Text.Json.Serialization;

namespace Mxd.Evaluation;

/// <summary>
/// What a language model loses when a layer replaces its MLP, on held-out text: the paper's measures (section 4.1), in nats.
/// Names are the JSON contract of <c>mxd eval --json</c>.
/// </summary>
/// <param name="CrossEntropy">Next-token cross-entropies.</param>
/// <param name="CrossEntropyIncrease">What each replacement adds to the model's.</param>
/// <param name="Kl">KL(model ‖ spliced) of next-token predictions.</param>
/// <param name="CrossEntropyRecovered">(zero-ablated - spliced) / (zero-ablated - model).</param>
/// <param name="StandardErrors">Of the numbers of the same names, over contexts; of differences and ratios, paired.</param>
/// <param name="Fvu">See <see cref="Metrics.Reconstruction"/>, as for the three that follow; absent where several layers stand in together.</param>
/// <param name="Tokens">Positions evaluated.</param>
/// <param name="Contexts">Contexts evaluated.</param>
/// <param name="SkipFirst">Positions left out at the start of each context.</param>
/// <param name="Elsewhere">The same with another choice of positions, where that moves a number by more than 5 %.</param>
public sealed record CostOfReplacement(
    CrossEntropies CrossEntropy,
    CrossEntropyIncreases CrossEntropyIncrease,
    double Kl,
    double CrossEntropyRecovered,
    CostStandardErrors StandardErrors,
    double? Fvu,
    double? NormScaledMse,
    double? L0,
    double? DeadFraction,
    long Tokens,
    long? ZeroNormTargets,
    int Contexts,
    int SkipFirst,
    [property: JsonPropertyName("other_positions")] CostOfReplacement? Elsewhere = null)
{
    /// <summary>Does one of the numbers differ by more than 5 % from the other's?</summary>
    public bool DiffersFrom(CostOfReplacement other) => Numbers().Zip(other.Numbers(), Far).Any(far => far);

    private double?[] Numbers() =>
    [
        CrossEntropy.Model, CrossEntropy.Spliced, CrossEntropy.ZeroAblated, CrossEntropy.MeanAblated,
        CrossEntropyIncrease.Spliced, CrossEntropyIncrease.ZeroAblated, CrossEntropyIncrease.MeanAblated,
        Kl, CrossEntropyRecovered, Fvu, NormScaledMse, L0, DeadFraction,
    ];

    private static bool Far(double? a, double? b) => Math.Abs((a - b) ?? 0) > 0.05 * Math.Abs(a ?? 0);
}

/// <summary>Cross-entropy of the model as it is, with the layer in place, and with zeros or the mean output in the MLP's place.</summary>
public sealed record CrossEntropies(double Model, double Spliced, double ZeroAblated, double MeanAblated);

/// <summary>Differences to the model's cross-entropy.</summary>
public sealed record CrossEntropyIncreases(double Spliced, double ZeroAblated, double MeanAblated);

/// <summary>Standard errors of the fields of the same names.</summary>
public sealed record CostStandardErrors(
    CrossEntropies CrossEntropy, CrossEntropyIncreases CrossEntropyIncrease, double Kl, double CrossEntropyRecovered);
