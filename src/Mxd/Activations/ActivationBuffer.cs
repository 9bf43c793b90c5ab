using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Activations;

/// <summary>
/// A pool of input and output rows, kept together, from which shuffled batches are served. When half of it has been served, the free
/// slots are filled with new contexts and everything is shuffled again, so that a batch mixes tokens of many contexts (section 4 of the
/// published recipe). Every token of the run's contexts is served once. Shuffles depend on the seed and the refill's number alone.
/// </summary>
public sealed class ActivationBuffer : IDisposable
{
    private readonly ActivationSource source;
    private readonly long capacity, totalContexts, seed;
    private readonly int harvestBatch;
    private readonly Tensor inputs, outputs, sources;
    private readonly List<HarvestedBatch> batches = [];
    private Tensor live = zeros(0, dtype: ScalarType.Int64).DetachFromDisposeScope();
    private Tensor free;
    private long served, halfLine, nextContext, refills;

    /// <param name="source">Where activations come from.</param>
    /// <param name="capacityContexts">Size of the pool, contexts; no more is taken than the run has.</param>
    /// <param name="harvestBatch">Contexts the language model takes at once.</param>
    /// <param name="totalContexts">Contexts of the whole run; the pool drains when they have all been harvested.</param>
    /// <param name="seed">The run's seed.</param>
    public ActivationBuffer(ActivationSource source, long capacityContexts, int harvestBatch, long totalContexts, long seed)
    {
        this.source = source;
        this.harvestBatch = harvestBatch;
        this.totalContexts = totalContexts;
        this.seed = seed;
        capacity = Math.Min(capacityContexts, totalContexts) * source.ContextLength;
        Harvester harvester = source.Harvester;
        inputs = empty(capacity, harvester.InputWidth, dtype: harvester.Dtype).DetachFromDisposeScope();
        outputs = empty(capacity, harvester.OutputWidth, dtype: harvester.Dtype).DetachFromDisposeScope();
        sources = zeros(capacity, dtype: ScalarType.Int64).DetachFromDisposeScope();
        free = arange(capacity, dtype: ScalarType.Int64).DetachFromDisposeScope();
    }

    /// <summary>Contexts harvested so far.</summary>
    public long HarvestedContexts => nextContext;

    /// <summary>
    /// The next <paramref name="batch"/> rows in float32. Throws when fewer are left in the whole run. A refill that is cancelled leaves the
    /// buffer as it was before.
    /// </summary>
    public ActivationPairs Next(long batch, CancellationToken cancellation = default)
    {
        if (Left - batch < halfLine && nextContext < totalContexts) Refill(cancellation);
        // A refill takes whole harvest batches: near the end of a run the first may leave contexts that this batch needs.
        for (long before = -1; Left < batch && nextContext < totalContexts && nextContext > before;)
        {
            before = nextContext;
            Refill(cancellation);
        }
        if (Left < batch) throw new InvalidOperationException($"{batch} rows were asked for, but the run has {Left} left.");
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = live.narrow(0, served, batch);
        served += batch;
        return new ActivationPairs(Take(inputs), Take(outputs));

        Tensor Take(Tensor pool) => pool.index_select(0, rows).to(ScalarType.Float32).DetachFromDisposeScope();
    }

    /// <summary>
    /// The state; <paramref name="withRows"/> includes the activations themselves, which are the pool's own and not a copy: write them
    /// before the next call of <see cref="Next"/>.
    /// </summary>
    public BufferState Save(bool withRows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor slots = live.narrow(0, served, Left).clone();
        Tensor origins = sources.index_select(0, slots);
        HashSet<long> needed = [.. origins.div(source.ContextLength, RoundingMode.floor).unique().output.data<long>()];
        return new BufferState(
            nextContext,
            refills,
            slots.DetachFromDisposeScope(),
            origins.DetachFromDisposeScope(),
            [.. batches.Where(b => Enumerable.Range(0, b.Count).Any(i => needed.Contains(b.First + i)))],
            halfLine,
            withRows && Left > 0 ? new ActivationPairs(inputs.alias().DetachFromDisposeScope(), outputs.alias().DetachFromDisposeScope()) : null);
    }

    /// <summary>Returns to a saved state; rows that were not saved are harvested again in the batches they came in.</summary>
    public void Restore(BufferState state)
    {
        using DisposeScope scope = NewDisposeScope();
        nextContext = state.NextContext;
        refills = state.Refills;
        halfLine = state.HalfLine;
        served = 0;
        batches.Clear();
        batches.AddRange(state.Batches);
        Replace(ref live, state.Slots.clone());
        Tensor taken = zeros(capacity, dtype: ScalarType.Bool).index_fill_(0, live, true);
        Replace(ref free, taken.logical_not().nonzero().squeeze(1));
        sources.index_copy_(0, live, state.Sources);
        if (state.Rows is { } rows)
        {
            // A run that was made longer may have a larger pool than the one that was saved.
            inputs.narrow(0, 0, rows.Count).copy_(rows.Inputs);
            outputs.narrow(0, 0, rows.Count).copy_(rows.Outputs);
        }
        else
        {
            foreach (HarvestedBatch batch in batches) HarvestAgain(batch);
        }
    }

    public void Dispose()
    {
        foreach (Tensor tensor in new[] { inputs, outputs, sources, live, free }) tensor.Dispose();
    }

    private long Left => live.shape[0] - served;

    private void Refill(CancellationToken cancellation)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor slots = cat([free, live.narrow(0, 0, served)], 0);
        long count = Math.Min(slots.shape[0] / source.ContextLength, totalContexts - nextContext);
        // Whole harvest batches while there are any, so that the language model sees one shape.
        if (count >= harvestBatch) count -= count % harvestBatch;
        long filled = count * source.ContextLength;
        Tensor fresh = slots.narrow(0, 0, filled);
        List<HarvestedBatch> harvested = [];
        for (long done = 0; done < count; done += harvestBatch)
        {
            cancellation.ThrowIfCancellationRequested();
            harvested.Add(new HarvestedBatch(nextContext + done, (int)Math.Min(harvestBatch, count - done)));
            HarvestInto(fresh, done, harvested[^1]);
        }
        nextContext += count;
        batches.AddRange(harvested);

        Tensor pool = cat([live.narrow(0, served, Left), fresh], 0);
        Replace(ref live, pool.index_select(0, Seeds.Permutation(pool.shape[0], seed, "buffer", refills++)));
        Replace(ref free, slots.narrow(0, filled, slots.shape[0] - filled).clone());
        served = 0;
        halfLine = nextContext < totalContexts ? live.shape[0] / 2 : 0;
        long oldest = sources.index_select(0, live).min().ToInt64() / source.ContextLength;
        batches.RemoveAll(b => b.First + b.Count <= oldest);
    }

    private void HarvestInto(Tensor slots, long doneContexts, HarvestedBatch batch)
    {
        using DisposeScope scope = NewDisposeScope();
        using ActivationPairs pairs = source.Harvest(batch.First, batch.Count);
        Tensor chosen = slots.narrow(0, doneContexts * source.ContextLength, pairs.Count);
        Store(chosen, pairs);
        sources.index_copy_(0, chosen, arange(pairs.Count, dtype: ScalarType.Int64) + batch.First * source.ContextLength);
    }

    private void HarvestAgain(HarvestedBatch batch)
    {
        using DisposeScope scope = NewDisposeScope();
        using ActivationPairs pairs = source.Harvest(batch.First, batch.Count);
        Tensor rows = sources.index_select(0, live) - batch.First * source.ContextLength;
        Tensor mine = (rows >= 0).logical_and(rows < pairs.Count).nonzero().squeeze(1);
        Tensor local = rows.index_select(0, mine);
        using var chosen = new ActivationPairs(pairs.Inputs.index_select(0, local), pairs.Outputs.index_select(0, local));
        Store(live.index_select(0, mine), chosen);
    }

    private void Store(Tensor slots, ActivationPairs pairs)
    {
        inputs.index_copy_(0, slots, pairs.Inputs);
        outputs.index_copy_(0, slots, pairs.Outputs);
    }

    private static void Replace(ref Tensor field, Tensor value)
    {
        field.Dispose();
        field = value.DetachFromDisposeScope();
    }
}
