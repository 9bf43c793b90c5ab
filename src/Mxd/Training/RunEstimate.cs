namespace Mxd.Training;

/// <summary>What the rest of a run is expected to take on this machine, from a few seconds' measurement before it trains.</summary>
/// <param name="Tokens">Tokens it is still to train on.</param>
/// <param name="TokensPerSecond">Of those tokens over all of <paramref name="Seconds"/>.</param>
/// <param name="HarvestTokensPerSecond">Of the language model alone.</param>
/// <param name="TrainingTokensPerSecond">Of the training steps alone.</param>
/// <param name="Seconds">Of this sitting, from loading the language model to the last step.</param>
/// <param name="MemoryBytes">As planned.</param>
public sealed record RunEstimate(
    long Tokens, double TokensPerSecond, double HarvestTokensPerSecond, double TrainingTokensPerSecond, double Seconds, long MemoryBytes);
