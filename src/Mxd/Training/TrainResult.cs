using Mxd.Metrics;

namespace Mxd.Training;

/// <summary>What a finished run reports: result.json, and <c>mxd train --json</c>.</summary>
/// <param name="Run">The run's folder.</param>
/// <param name="Type">Kind of layer.</param>
/// <param name="Parameters">Trained values.</param>
/// <param name="Tokens">Tokens trained on.</param>
/// <param name="TokensPerSecond">Of the whole run, everything included, over all its sittings.</param>
/// <param name="HarvestTokensPerSecond">Of the language model alone.</param>
/// <param name="TrainingTokensPerSecond">Of the training steps alone.</param>
/// <param name="PeakMemoryBytes">Largest resident memory of the last sitting's process.</param>
/// <param name="PlannedMemoryBytes">What the plan said before it began.</param>
/// <param name="Seconds">Time worked, over all sittings.</param>
/// <param name="SittingSeconds">Time of the last sitting.</param>
/// <param name="Expected">What that sitting was expected to take; null where it was too short to measure that first.</param>
/// <param name="Final">On the held-out tokens, after the last step.</param>
/// <param name="Precision">What its matrix products were in during the last sitting: float32 where mixed was asked for and this machine, or this layer, has none. Steps in which AuxK has dead units are float32 all the same. Absent from runs of earlier versions.</param>
public sealed record TrainResult(
    string Run,
    string Type,
    long Parameters,
    long Tokens,
    double TokensPerSecond,
    double HarvestTokensPerSecond,
    double TrainingTokensPerSecond,
    long PeakMemoryBytes,
    long PlannedMemoryBytes,
    double Seconds,
    double SittingSeconds,
    RunEstimate? Expected,
    Reconstruction Final,
    string? Precision = null);
