namespace Mxd.Chat;

/// <summary>When a service may be asked again: what it tells one request to wait holds all others back too.</summary>
internal sealed class AskingGate(ChatPatience patience, TimeProvider time)
{
    private readonly Lock state = new();
    private readonly long start = time.GetTimestamp();
    private TimeSpan opens;

    private TimeSpan Left
    {
        get
        {
            lock (state) return opens - time.GetElapsedTime(start);
        }
    }

    /// <summary>Nothing is asked for that long from now.</summary>
    public void Close(TimeSpan wait)
    {
        TimeSpan until = time.GetElapsedTime(start) + wait;
        lock (state) opens = until > opens ? until : opens;
    }

    /// <summary>Waits until it is open; not all at once go on.</summary>
    public async Task Pass(CancellationToken cancellation)
    {
        while (Left is var left && left > TimeSpan.Zero) await Task.Delay(left + patience.FirstWait * patience.Jitter(), time, cancellation).ConfigureAwait(false);
    }
}
