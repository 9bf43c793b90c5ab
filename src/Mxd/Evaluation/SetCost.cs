namespace Mxd.Evaluation;

/// <summary>What several replacements cost that are in place at once, and what each of them costs alone.</summary>
/// <param name="Cost">Of all at once.</param>
/// <param name="SumOfIncreases">What each adds to the model's cross-entropy alone, summed.</param>
/// <param name="BeyondSum">What they add at once more than that: above zero errors feed on each other, below zero they overlap.</param>
/// <param name="StandardErrors">Over contexts, paired.</param>
public sealed record SetCost(CostOfReplacement Cost, CrossEntropyIncreases SumOfIncreases, CrossEntropyIncreases BeyondSum, SumStandardErrors StandardErrors);

/// <summary>Standard errors of the fields of the same names.</summary>
public sealed record SumStandardErrors(CrossEntropyIncreases SumOfIncreases, CrossEntropyIncreases BeyondSum);

/// <summary>Costs of replacements: of each by itself, and of sets of them at once.</summary>
public sealed record ReplacementCosts(IReadOnlyList<CostOfReplacement> Alone, IReadOnlyList<SetCost> Sets);
