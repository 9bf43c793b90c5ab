using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Activations;

/// <summary>
/// Activations of contexts by their place in a run's order, with the time they took. Several threads may ask; one at a time is answered, since
/// a language model has one set of hooks.
/// </summary>
public sealed class ActivationSource(Harvester harvester, PackedContexts contexts, ContextOrder order)
{
    private readonly Lock oneAtATime = new();
    private long tokens, ticks;

    public Harvester Harvester => harvester;

    public int ContextLength => contexts.ContextLength;

    /// <summary>Tokens harvested so far, each counted once however many points are read.</summary>
    public long Tokens => Interlocked.Read(ref tokens);

    /// <summary>Time spent in the language model so far.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(Interlocked.Read(ref ticks));

    /// <summary>Activations of the contexts at ordinals first to first + count - 1, in that order: count · context rows, on the CPU.</summary>
    public ActivationRows Harvest(long first, int count)
    {
        lock (oneAtATime)
        {
            long start = Stopwatch.GetTimestamp();
            using DisposeScope scope = NewDisposeScope();
            using ActivationRows rows = harvester.Harvest(contexts.ToTensor(Enumerable.Range(0, count).Select(i => order[first + i])));
            // Bringing the rows to the CPU is part of the time: an accelerator only queues the work before.
            ActivationRows here = rows.Select(value => value.cpu().alias().DetachFromDisposeScope());
            Interlocked.Add(ref tokens, here.Count);
            Interlocked.Add(ref ticks, Stopwatch.GetElapsedTime(start).Ticks);
            return here;
        }
    }
}
