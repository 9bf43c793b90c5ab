using System.Collections.Concurrent;

namespace Mxd.Tests.Chat;

/// <summary>Time in which waits of under an hour are over at once, by which it goes on; it remembers them.</summary>
internal sealed class InstantTime : TimeProvider
{
    private static readonly TimeSpan never = TimeSpan.FromHours(1);

    private long now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public ConcurrentQueue<double> Waits { get; } = new();

    public override long GetTimestamp() => Interlocked.Read(ref now);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime >= TimeSpan.Zero && dueTime < never)
        {
            Waits.Enqueue(dueTime.TotalSeconds);
            Interlocked.Add(ref now, dueTime.Ticks);
            return System.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
        return System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
