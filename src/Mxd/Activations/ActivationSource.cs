using System.Diagnostics;
using Mxd.LanguageModels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Activations;

/// <summary>
/// Activations that a language model computes when they are asked for. One thread at a time is answered, since a language model has one set of
/// hooks.
/// </summary>
public sealed class ActivationSource(Harvester harvester, PackedContexts contexts, ContextOrder order) : IActivationSource
{
    private readonly Lock oneAtATime = new();
    private long tokens, ticks;

    public IReadOnlyList<HookPoint> Points => harvester.Points;

    public long Width => harvester.Width;

    public ScalarType Dtype => harvester.Dtype;

    public int ContextLength => contexts.ContextLength;

    public long Tokens => Interlocked.Read(ref tokens);

    public TimeSpan Elapsed => TimeSpan.FromTicks(Interlocked.Read(ref ticks));

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
