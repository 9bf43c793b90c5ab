using System.Text.Json.Serialization;

namespace Mxd.Training;

/// <summary>Where a run's time went, over all its sittings.</summary>
/// <param name="TotalSeconds">From the start of each sitting's work, everything included.</param>
/// <param name="HarvestSeconds">In the language model, for training tokens.</param>
/// <param name="HarvestTokens">Tokens it took.</param>
/// <param name="TrainingSeconds">In training steps.</param>
/// <param name="TrainingTokens">Tokens they took.</param>
public sealed record RunClock(double TotalSeconds, double HarvestSeconds, long HarvestTokens, double TrainingSeconds, long TrainingTokens)
{
    public static RunClock Zero { get; } = new(0, 0, 0, 0, 0);

    [JsonIgnore]
    public double TokensPerSecond => Rate(TrainingTokens, TotalSeconds);

    [JsonIgnore]
    public double HarvestTokensPerSecond => Rate(HarvestTokens, HarvestSeconds);

    [JsonIgnore]
    public double TrainingTokensPerSecond => Rate(TrainingTokens, TrainingSeconds);

    public RunClock Plus(RunClock other) => new(
        TotalSeconds + other.TotalSeconds,
        HarvestSeconds + other.HarvestSeconds,
        HarvestTokens + other.HarvestTokens,
        TrainingSeconds + other.TrainingSeconds,
        TrainingTokens + other.TrainingTokens);

    private static double Rate(long tokens, double seconds) => seconds > 0 ? tokens / seconds : 0;
}
