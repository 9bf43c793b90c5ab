using System.Runtime.ExceptionServices;

namespace Mxd.Kernels;

/// <summary>
/// A few threads that stay alive between kernels. Items are claimed one after the other by whoever is free, so that a thread that other
/// processes hold up does not hold up the rest; kernels give each item an output of its own and a fixed order within, so that results do
/// not depend on who did what, nor on the number of threads.
/// </summary>
internal sealed class Workers : IDisposable
{
    private readonly Lock oneRunAtATime = new();
    private readonly SemaphoreSlim start = new(0);
    private readonly SemaphoreSlim finished = new(0);
    private Action<int, int>? work;
    private int items, next;
    private Exception? failure;
    private bool stopped;

    public Workers(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Count = count;
        for (int i = 1; i < count; i++)
        {
            int worker = i;
            new Thread(() => Serve(worker)) { IsBackground = true, Name = $"mxd kernel {worker}" }.Start();
        }
    }

    /// <summary>As many as libtorch uses: the cores of this process, or OMP_NUM_THREADS where that is set.</summary>
    public static Workers Shared { get; } = new(DefaultCount());

    /// <summary>Threads, the caller's included.</summary>
    public int Count { get; }

    /// <summary>
    /// Calls <paramref name="body"/> with (worker, item) for every item from 0 to <paramref name="count"/> - 1; a worker, from 0 to
    /// <see cref="Count"/> - 1, does one item at a time. Must not be called from within a body.
    /// </summary>
    public void ForEach(int count, Action<int, int> body)
    {
        lock (oneRunAtATime)
        {
            (work, items, next, failure) = (body, count, 0, null);
            int helpers = Math.Min(Count, count) - 1;
            if (helpers > 0) start.Release(helpers);
            Claim(0);
            // Small work is done before a helper wakes up: whoever has not begun need not.
            while (helpers > 0 && start.Wait(0)) helpers--;
            for (int i = 0; i < helpers; i++) finished.Wait();
            work = null;
            if (failure is not null) ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>The same over ranges of at most <paramref name="grain"/> items: (worker, start, end).</summary>
    public void ForRanges(int count, int grain, Action<int, int, int> body) =>
        ForEach((count + grain - 1) / grain, (worker, item) => body(worker, item * grain, Math.Min(count, (item + 1) * grain)));

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        lock (oneRunAtATime)
        {
            stopped = true;
            if (Count > 1) start.Release(Count - 1);
            for (int i = 1; i < Count; i++) finished.Wait();
        }
        start.Dispose();
        finished.Dispose();
    }

    private void Serve(int worker)
    {
        while (true)
        {
            start.Wait();
            if (stopped) break;
            Claim(worker);
            finished.Release();
        }
        finished.Release();
    }

    private void Claim(int worker)
    {
        try
        {
            for (int item = Interlocked.Increment(ref next) - 1; item < items; item = Interlocked.Increment(ref next) - 1) work!(worker, item);
        }
        catch (Exception e)
        {
            // Thrown by ForEach, on the caller's thread; what is left is skipped.
            Interlocked.CompareExchange(ref failure, e, null);
            Volatile.Write(ref next, items);
        }
    }

    private static int DefaultCount()
    {
        bool limited = int.TryParse(Environment.GetEnvironmentVariable("OMP_NUM_THREADS"), out int limit) && limit > 0;
        return limited ? Math.Min(limit, Environment.ProcessorCount) : Environment.ProcessorCount;
    }
}
