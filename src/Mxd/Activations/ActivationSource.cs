using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Activations;

/// <summary>Activations of contexts by their place in a run's order, with the time they took.</summary>
public sealed class ActivationSource(Harvester harvester, PackedContexts contexts, ContextOrder order)
{
    private readonly Stopwatch time = new();

    public Harvester Harvester => harvester;

    public int ContextLength => contexts.ContextLength;

    /// <summary>Tokens harvested so far.</summary>
    public long Tokens { get; private set; }

    /// <summary>Time spent in the language model so far.</summary>
    public TimeSpan Elapsed => time.Elapsed;

    /// <summary>Activations of the contexts at ordinals first to first + count - 1, in that order: count · context rows, on the CPU.</summary>
    public ActivationPairs Harvest(long first, int count)
    {
        time.Start();
        try
        {
            using DisposeScope scope = NewDisposeScope();
            using ActivationPairs pairs = harvester.Harvest(contexts.ToTensor(Enumerable.Range(0, count).Select(i => order[first + i])));
            Tokens += pairs.Count;
            // Bringing the rows to the CPU is part of the time: an accelerator only queues the work before.
            return new ActivationPairs(pairs.Inputs.cpu().alias().DetachFromDisposeScope(), pairs.Outputs.cpu().alias().DetachFromDisposeScope());
        }
        finally
        {
            time.Stop();
        }
    }
}
