using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using TorchSharp;

namespace Mxd.Activations;

/// <summary>
/// Harvests batches that will be asked for on a thread of its own, so that the language model works while a layer trains. It knows no
/// shuffling: whoever asks says what is expected next, and gets the same rows as by asking the source. The thread is one for all batches, since
/// torch's dispose scopes belong to threads.
/// </summary>
internal sealed class HarvestAhead : IDisposable
{
    private readonly object gate = new();
    private readonly Func<HarvestedBatch, ActivationRows> harvest;
    private readonly Queue<HarvestedBatch> expected = new();
    private readonly Queue<(HarvestedBatch Batch, ActivationRows Rows)> ready = new();
    private readonly Thread thread;
    private HarvestedBatch? underWay;
    private ExceptionDispatchInfo? failure;
    private int limit;
    private bool stopped;

    public HarvestAhead(Func<HarvestedBatch, ActivationRows> harvest)
    {
        this.harvest = harvest;
        using var begun = new ManualResetEventSlim();
        thread = new Thread(() =>
        {
            // libtorch settles a thread's number of threads at its first call: before anybody changes it for threads of their own.
            torch.get_num_threads();
            begun.Set();
            Work();
        })
        { IsBackground = true, Name = "mxd harvest" };
        thread.Start();
        begun.Wait();
    }

    /// <summary>Replaces what is expected; at most <paramref name="most"/> batches are held that nobody has taken yet.</summary>
    public void Expect(IEnumerable<HarvestedBatch> batches, int most)
    {
        lock (gate)
        {
            Forget();
            limit = most;
            foreach (HarvestedBatch batch in batches) expected.Enqueue(batch);
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>The next batch, if it is ready and has at most so many contexts.</summary>
    public bool TryTake(long mostContexts, out HarvestedBatch batch, [NotNullWhen(true)] out ActivationRows? rows)
    {
        lock (gate)
        {
            (batch, rows) = ready.TryPeek(out (HarvestedBatch, ActivationRows) next) ? next : default;
            if (rows is null || batch.Count > mostContexts) return false;
            ready.Dequeue();
            Monitor.PulseAll(gate);
            return true;
        }
    }

    /// <summary>Waits for a batch; null where another one was expected, or none, and then nothing is any more.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled; the batch can be taken later.</exception>
    public ActivationRows? Take(HarvestedBatch batch, CancellationToken cancellation)
    {
        using CancellationTokenRegistration woken = cancellation.UnsafeRegister(_ => Wake(), null);
        lock (gate)
        {
            while (ready.Count == 0 && underWay is null && expected.Count > 0 && failure is null) Wait(cancellation);
            while (ready.Count == 0 && underWay == batch) Wait(cancellation);
            if (ready.Count == 0) Surface();
            if (ready.Count == 0 || ready.Peek().Batch != batch)
            {
                Forget();
                return null;
            }
            ActivationRows rows = ready.Dequeue().Rows;
            Monitor.PulseAll(gate);
            return rows;
        }
    }

    /// <summary>Ends the thread, when the batch under way is done.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            stopped = true;
            expected.Clear();
            Monitor.PulseAll(gate);
        }
        thread.Join();
        foreach ((_, ActivationRows rows) in ready) rows.Dispose();
        ready.Clear();
    }

    private void Work()
    {
        while (Begin() is { } batch)
        {
            ActivationRows? rows = null;
            ExceptionDispatchInfo? thrown = null;
            try
            {
                rows = harvest(batch);
            }
            catch (Exception e)
            {
                // Thrown again on the thread that asks.
                thrown = ExceptionDispatchInfo.Capture(e);
            }
            End(batch, rows, thrown);
        }
    }

    private HarvestedBatch? Begin()
    {
        lock (gate)
        {
            while (!stopped && (expected.Count == 0 || ready.Count >= limit)) Monitor.Wait(gate);
            return underWay = stopped ? null : expected.Dequeue();
        }
    }

    private void End(HarvestedBatch batch, ActivationRows? rows, ExceptionDispatchInfo? thrown)
    {
        lock (gate)
        {
            underWay = null;
            if (rows is not null) ready.Enqueue((batch, rows));
            if (thrown is not null)
            {
                failure = thrown;
                expected.Clear();
            }
            Monitor.PulseAll(gate);
        }
    }

    private void Surface()
    {
        if (failure is not { } thrown) return;
        failure = null;
        thrown.Throw();
    }

    /// <summary>Drops everything; waits for the batch under way, which cannot be stopped.</summary>
    private void Forget()
    {
        expected.Clear();
        while (underWay is not null) Monitor.Wait(gate);
        foreach ((_, ActivationRows rows) in ready) rows.Dispose();
        ready.Clear();
        failure = null;
    }

    private void Wait(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Monitor.Wait(gate);
    }

    private void Wake()
    {
        lock (gate) Monitor.PulseAll(gate);
    }
}
