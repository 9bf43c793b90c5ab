using Mxd.LanguageModels;
using Mxd.Runtime;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Activations;

/// <summary>
/// A pool of rows, those of every hook point kept together, from which shuffled batches are served. When half of it has been served, the free
/// slots are filled with new contexts and everything is shuffled again, so that a batch mixes tokens of many contexts (section 4 of the
/// published recipe). Every token of the run's contexts is served once. Shuffles depend on the seed and the refill's number alone, and so do
/// not know which points are read, nor whether the next refill was harvested ahead.
/// </summary>
public sealed class ActivationBuffer : IDisposable
{
    private readonly IActivationSource source;
    private readonly HarvestAhead? ahead;
    private readonly long capacity, totalContexts, seed;
    private readonly int harvestBatch;
    private readonly ActivationRows pool;
    private readonly Tensor sources;
    private readonly List<HarvestedBatch> batches = [];

    /// <summary>Batches of the next refill that lie in free slots already; no part of the state.</summary>
    private readonly List<HarvestedBatch> placed = [];

    private Tensor live = zeros(0, dtype: ScalarType.Int64).DetachFromDisposeScope();
    private Tensor free;
    private long served, halfLine, nextContext, refills;
    private bool isAhead;

    /// <param name="source">Where activations come from.</param>
    /// <param name="capacityContexts">Size of the pool, contexts; no more is taken than the run has.</param>
    /// <param name="harvestBatch">Contexts the language model takes at once.</param>
    /// <param name="totalContexts">Contexts of the whole run; the pool drains when they have all been harvested.</param>
    /// <param name="seed">Seed of the shuffles.</param>
    /// <param name="harvestsAhead">Run the language model for the next refill while the rows at hand are used (<see cref="HarvestPolicy"/>)? The rows are the same either way.</param>
    public ActivationBuffer(
        IActivationSource source, long capacityContexts, int harvestBatch, long totalContexts, long seed, bool harvestsAhead = false)
    {
        this.source = source;
        this.harvestBatch = harvestBatch;
        this.totalContexts = totalContexts;
        this.seed = seed;
        capacity = Math.Min(capacityContexts, totalContexts) * source.ContextLength;
        pool = new ActivationRows(
            source.Points, [.. source.Points.Select(_ => empty(capacity, source.Width, dtype: source.Dtype).DetachFromDisposeScope())]);
        sources = zeros(capacity, dtype: ScalarType.Int64).DetachFromDisposeScope();
        free = arange(Zero, Number(capacity), One, dtype: ScalarType.Int64).DetachFromDisposeScope();
        if (harvestsAhead) ahead = new HarvestAhead(batch => source.Harvest(batch.First, batch.Count));
    }

    /// <summary>Hook points whose rows are served.</summary>
    public IReadOnlyList<HookPoint> Points => pool.Points;

    /// <summary>Contexts harvested so far, those of a refill under way left out.</summary>
    public long HarvestedContexts => nextContext;

    /// <summary>
    /// The next <paramref name="batch"/> rows of every point in float32. Throws when fewer are left in the whole run. A refill that is cancelled
    /// leaves the buffer as it was before.
    /// </summary>
    public ActivationRows Next(long batch, CancellationToken cancellation = default)
    {
        PlaceWhatIsReady();
        if (Left - batch < halfLine && nextContext < totalContexts) Refill(cancellation);
        // A refill takes whole harvest batches: near the end of a run the first may leave contexts that this batch needs.
        for (long before = -1; Left < batch && nextContext < totalContexts && nextContext > before;)
        {
            before = nextContext;
            Refill(cancellation);
        }
        if (Left < batch) throw new InvalidOperationException($"{batch} rows were asked for, but the run has {Left} left.");
        HarvestNextRefillAhead(batch);
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = live.narrow(0, served, batch);
        served += batch;
        return pool.Select(values => values.index_select(0, rows).to(ScalarType.Float32).DetachFromDisposeScope());
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
        HashSet<long> needed = [.. origins.div(Number(source.ContextLength), RoundingMode.floor).unique().output.data<long>()];
        return new BufferState(
            nextContext,
            refills,
            slots.DetachFromDisposeScope(),
            origins.DetachFromDisposeScope(),
            [.. batches.Where(b => Enumerable.Range(0, b.Count).Any(i => needed.Contains(b.First + i)))],
            halfLine,
            withRows && Left > 0 ? pool.Select(values => values.alias().DetachFromDisposeScope()) : null);
    }

    /// <summary>Returns to a saved state; rows that were not saved are harvested again in the batches they came in.</summary>
    public void Restore(BufferState state)
    {
        using DisposeScope scope = NewDisposeScope();
        nextContext = state.NextContext;
        refills = state.Refills;
        halfLine = state.HalfLine;
        served = 0;
        isAhead = false;
        ahead?.Expect([], 0);
        placed.Clear();
        batches.Clear();
        batches.AddRange(state.Batches);
        Replace(ref live, state.Slots.clone());
        Tensor taken = zeros(capacity, dtype: ScalarType.Bool).index_fill_(0, live, Number(true));
        Replace(ref free, taken.logical_not().nonzero().squeeze(1));
        sources.index_copy_(0, live, state.Sources);
        if (state.Rows is { } rows)
        {
            // A run that was made longer may have a larger pool than the one that was saved.
            foreach (HookPoint point in Points) pool[point].narrow(0, 0, rows.Count).copy_(rows[point]);
        }
        else
        {
            foreach (HarvestedBatch batch in batches) HarvestAgain(batch);
        }
    }

    public void Dispose()
    {
        ahead?.Dispose();
        pool.Dispose();
        foreach (Tensor tensor in new[] { sources, live, free }) tensor.Dispose();
    }

    private long Left => live.shape[0] - served;

    /// <summary>Slots that hold nothing that is still to be served; those that become free later come after these.</summary>
    private Tensor FreeSlots() => cat([free, live.narrow(0, 0, served)], 0);

    /// <summary>What a refill of so many free slots harvests: whole harvest batches while there are any, so that the language model sees one shape.</summary>
    private IEnumerable<HarvestedBatch> RefillBatches(long freeSlots)
    {
        long count = Math.Min(freeSlots / source.ContextLength, totalContexts - nextContext);
        if (count >= harvestBatch) count -= count % harvestBatch;
        for (long done = 0; done < count; done += harvestBatch)
            yield return new HarvestedBatch(nextContext + done, (int)Math.Min(harvestBatch, count - done));
    }

    private void Refill(CancellationToken cancellation)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor slots = FreeSlots();
        HarvestedBatch[] wanted = [.. RefillBatches(slots.shape[0])];
        // Where batches of another size were served than was thought, other contexts go through the language model together.
        int kept = placed.Zip(wanted).TakeWhile(pair => pair.First == pair.Second).Count();
        placed.RemoveRange(kept, placed.Count - kept);
        foreach (HarvestedBatch batch in wanted.Skip(kept))
        {
            cancellation.ThrowIfCancellationRequested();
            using ActivationRows rows = ahead?.Take(batch, cancellation) ?? source.Harvest(batch.First, batch.Count);
            Place(slots, batch, rows);
        }
        Adopt(slots, wanted);
    }

    /// <summary>Shuffles the rows placed in free slots into those still to be served.</summary>
    private void Adopt(Tensor slots, HarvestedBatch[] fresh)
    {
        long contexts = fresh.Sum(b => b.Count), filled = contexts * source.ContextLength;
        placed.Clear();
        isAhead = false;
        nextContext += contexts;
        batches.AddRange(fresh);
        Tensor mixed = cat([live.narrow(0, served, Left), slots.narrow(0, 0, filled)], 0);
        Replace(ref live, mixed.index_select(0, Seeds.Permutation(mixed.shape[0], seed, "buffer", refills++)));
        Replace(ref free, slots.narrow(0, filled, slots.shape[0] - filled).clone());
        served = 0;
        halfLine = nextContext < totalContexts ? live.shape[0] / 2 : 0;
        long oldest = sources.index_select(0, live).min().ToInt64() / source.ContextLength;
        batches.RemoveAll(b => b.First + b.Count <= oldest);
    }

    /// <summary>Lets the next refill be harvested, which comes when no more than half the pool would be left after a batch.</summary>
    private void HarvestNextRefillAhead(long batch)
    {
        if (ahead is null || isAhead || nextContext >= totalContexts) return;
        long batchesTillThen = Math.Max(1, (Left - halfLine) / batch), slotsThen = free.shape[0] + served + batchesTillThen * batch;
        // Held beside the pool: what one batch will make room for, and the next.
        long most = batch / ((long)harvestBatch * source.ContextLength) + 2;
        ahead.Expect(RefillBatches(slotsThen), (int)most);
        isAhead = true;
    }

    /// <summary>Puts batches that were harvested ahead into slots that have become free.</summary>
    private void PlaceWhatIsReady()
    {
        if (!isAhead) return;
        using DisposeScope scope = NewDisposeScope();
        Tensor slots = FreeSlots();
        while (ahead!.TryTake(slots.shape[0] / source.ContextLength - placed.Sum(b => b.Count), out HarvestedBatch batch, out ActivationRows? rows))
            using (rows) Place(slots, batch, rows);
    }

    private void Place(Tensor slots, HarvestedBatch batch, ActivationRows rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor chosen = slots.narrow(0, (batch.First - nextContext) * source.ContextLength, rows.Count);
        Store(chosen, rows);
        sources.index_copy_(0, chosen, arange(Number(batch.First * source.ContextLength), Number(batch.First * source.ContextLength + rows.Count), One, dtype: ScalarType.Int64));
        placed.Add(batch);
    }

    private void HarvestAgain(HarvestedBatch batch)
    {
        using DisposeScope scope = NewDisposeScope();
        using ActivationRows rows = source.Harvest(batch.First, batch.Count);
        Tensor origins = sources.index_select(0, live).sub_(Number(batch.First * source.ContextLength));
        Tensor mine = (origins >= Zero).logical_and(origins < Number(rows.Count)).nonzero().squeeze(1);
        Tensor local = origins.index_select(0, mine);
        using ActivationRows chosen = rows.Select(values => values.index_select(0, local));
        Store(live.index_select(0, mine), chosen);
    }

    private void Store(Tensor slots, ActivationRows rows)
    {
        foreach (HookPoint point in Points) pool[point].index_copy_(0, slots, rows[point]);
    }

    private static void Replace(ref Tensor field, Tensor value)
    {
        field.Dispose();
        field = value.DetachFromDisposeScope();
    }
}
