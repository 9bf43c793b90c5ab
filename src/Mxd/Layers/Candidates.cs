using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>Some units a token, [B,M], among which the largest are looked for.</summary>
/// <param name="Order">What they are compared by.</param>
/// <param name="Units">Their numbers, int32.</param>
/// <param name="PreActivations">p.</param>
/// <param name="Factor">The second factor of a GLU encoder, or null.</param>
internal sealed record Candidates(Tensor Order, Tensor Units, Tensor PreActivations, Tensor? Factor) : IDisposable
{
    /// <summary>
    /// The K largest of each token: of equals the lower unit, whatever the device; a value that is not a number counts as the largest, so that it is
    /// not lost. All of them where there are no more than K.
    /// </summary>
    public Candidates Largest(int k)
    {
        if (Order.shape[1] <= k) return this;
        using DisposeScope scope = NewDisposeScope();
        (Tensor values, Tensor columns) = Order.topk(k, 1, true, true);
        Tensor limit = values.narrow(1, k - 1, 1), equal = Order == limit;
        // Torch's topk takes any of those that equal the K-th largest. It matters only where it had to leave some out.
        if ((equal.sum() - (values == limit).sum()).ToInt64() > 0) columns = TakeLowest(values, limit, columns, equal);
        return At(columns).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// By their numbers. Torch's topk leaves the order of equals open; sums over a token's units are to have the same bits on every run.
    /// </summary>
    public Candidates Ascending()
    {
        using DisposeScope scope = NewDisposeScope();
        (_, Tensor columns) = Units.sort(1);
        return At(columns).MoveToOuterDisposeScope();
    }

    /// <summary>These and those of other units.</summary>
    public Candidates Join(Candidates other) => new(
        cat([Order, other.Order], 1),
        cat([Units, other.Units], 1),
        cat([PreActivations, other.PreActivations], 1),
        Factor is null ? null : cat([Factor, other.Factor!], 1));

    /// <summary>Some columns [M'], compared by their pre-activations.</summary>
    public Candidates ByPreActivation(Tensor columns)
    {
        Tensor p = PreActivations.index_select(1, columns);
        return new Candidates(p, Units.index_select(1, columns), p.alias(), Factor?.index_select(1, columns));
    }

    /// <summary>The units' numbers as indices, int64.</summary>
    public Tensor Numbers() => Units.to(ScalarType.Int64);

    /// <summary>Slices of tokens, one after another.</summary>
    public static Candidates Stack(IReadOnlyList<Candidates> slices) => slices.Count == 1 ? slices[0] : new(
        cat([.. slices.Select(s => s.Order)]),
        cat([.. slices.Select(s => s.Units)]),
        cat([.. slices.Select(s => s.PreActivations)]),
        slices[0].Factor is null ? null : cat([.. slices.Select(s => s.Factor!)]));

    public void Dispose()
    {
        foreach (Tensor tensor in Tensors) tensor.Dispose();
    }

    internal Candidates MoveToOuterDisposeScope()
    {
        foreach (Tensor tensor in Tensors) tensor.MoveToOuterDisposeScope();
        return this;
    }

    /// <summary>What is in columns [B,M'] of each token.</summary>
    private Candidates At(Tensor columns) => new(
        Order.gather(1, columns), Units.gather(1, columns), PreActivations.gather(1, columns), Factor?.gather(1, columns));

    private Tensor[] Tensors => Factor is null ? [Order, Units, PreActivations] : [Order, Units, PreActivations, Factor];

    /// <summary>Columns [B,K] in which those equal to the K-th largest are replaced by the lowest of them.</summary>
    /// <param name="values">The K largest in descending order, [B,K].</param>
    /// <param name="limit">The last of them, [B,1].</param>
    /// <param name="columns">Where they are, [B,K].</param>
    /// <param name="equal">Which of all are equal to the last, [B,M].</param>
    private Tensor TakeLowest(Tensor values, Tensor limit, Tensor columns, Tensor equal)
    {
        int k = (int)columns.shape[1];
        (_, Tensor lowest) = Units.neg().masked_fill_(equal.logical_not(), Number(int.MinValue)).topk(k, 1, true, true);
        Tensor above = (values <= limit).logical_not_().sum(1, keepdim: true);
        Tensor slot = arange(Zero, Number(k), One, dtype: ScalarType.Int64, device: columns.device) - above;
        return where(slot < Zero, columns, lowest.gather(1, slot.clamp_min(Zero)));
    }
}
