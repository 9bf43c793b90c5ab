namespace Mxd.Chat;

/// <summary>How long a service that does not answer is asked again.</summary>
public sealed record ChatPatience
{
    /// <summary>Beyond these a wait is <see cref="MostWaiting"/>, whatever it began with.</summary>
    private const int MostDoublings = 60;

    /// <summary>Repetitions of one request: the waits of 8 last two minutes at least, beyond a limit that is counted by the minute.</summary>
    public int Retries { get; init; } = 8;

    /// <summary>Longest wait for an answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Wait before the first repetition; it doubles with each.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait of one request, over all its repetitions.</summary>
    public TimeSpan MostWaiting { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A number from 0 to 1: what part of the half of a wait that is left to chance is waited, so that requests refused together do not come again together.</summary>
    public Func<double> Jitter { get; init; } = Random.Shared.NextDouble;

    /// <summary>Wait before a repetition, of 1 and more.</summary>
    internal TimeSpan Before(int repetition, TimeSpan? asked)
    {
        if (asked is { } told) return (told < TimeSpan.Zero ? TimeSpan.Zero : told) + FirstWait * Jitter();
        double doublings = Math.Min(repetition - 1, MostDoublings);
        return TimeSpan.FromSeconds(Math.Min(FirstWait.TotalSeconds * Math.Pow(2, doublings), MostWaiting.TotalSeconds) * (0.5 + Jitter() / 2));
    }
}
