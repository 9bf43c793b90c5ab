using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.LanguageModels;

/// <summary>
/// Keys and values of the positions a language model has read, so that the next ones need not run them again. One cache belongs to one
/// batch of contexts of equal length; it grows as they do.
/// </summary>
public sealed class KeyValueCache : IDisposable
{
    /// <summary>Positions room is made for at once.</summary>
    private const long Step = 128;

    private readonly Dictionary<int, (Tensor Keys, Tensor Values)> layers = [];

    /// <summary>Positions read by all layers.</summary>
    public long Length { get; private set; }

    /// <summary>Goes on with these rows of the batch, in this order; a row may be named several times.</summary>
    public void Select(IReadOnlyList<int> rows)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach ((int layer, (Tensor keys, Tensor values)) in layers)
        {
            Tensor index = tensor([.. rows.Select(row => (long)row)], device: keys.device);
            layers[layer] = (keys.index_select(0, index).DetachFromDisposeScope(), values.index_select(0, index).DetachFromDisposeScope());
            keys.Dispose();
            values.Dispose();
        }
    }

    public void Dispose()
    {
        foreach ((Tensor keys, Tensor values) in layers.Values)
        {
            keys.Dispose();
            values.Dispose();
        }
        layers.Clear();
        Length = 0;
    }

    /// <summary>
    /// Puts the keys and values [B,key heads,T,d] of the next T positions behind those there are; returns views of all, in the caller's
    /// dispose scope. <see cref="Advance"/> when every layer has done so.
    /// </summary>
    internal (Tensor Keys, Tensor Values) Append(int layer, Tensor keys, Tensor values)
    {
        long count = keys.shape[2], end = Length + count;
        if (layers.TryGetValue(layer, out (Tensor Keys, Tensor) own) && own.Keys.shape[0] != keys.shape[0])
            throw new ArgumentException($"The cache holds {own.Keys.shape[0]} contexts, and {keys.shape[0]} are to follow: use a cache of its own for each batch.", nameof(keys));
        if (!layers.TryGetValue(layer, out (Tensor Keys, Tensor Values) kept) || kept.Keys.shape[2] < end)
            layers[layer] = kept = (Grown(kept.Keys, keys, end), Grown(kept.Values, values, end));
        kept.Keys.narrow(2, Length, count).copy_(keys);
        kept.Values.narrow(2, Length, count).copy_(values);
        return (kept.Keys.narrow(2, 0, end), kept.Values.narrow(2, 0, end));
    }

    internal void Advance(long positions) => Length += positions;

    private Tensor Grown(Tensor? kept, Tensor like, long end)
    {
        using DisposeScope scope = NewDisposeScope();
        long capacity = (Math.Max(end, 2 * (kept?.shape[2] ?? 0)) + Step - 1) / Step * Step;
        Tensor grown = empty(like.shape[0], like.shape[1], capacity, like.shape[3], dtype: like.dtype, device: like.device);
        if (kept is not null && Length > 0) grown.narrow(2, 0, Length).copy_(kept.narrow(2, 0, Length));
        kept?.Dispose();
        return grown.DetachFromDisposeScope();
    }
}
