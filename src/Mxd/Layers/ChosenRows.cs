using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// Products of K coefficients a token with the rows of a matrix [N,W] that they belong to, on any device. The rows of some tokens are gathered at a
/// time, so that no [B,K,W] tensor is held.
/// </summary>
internal sealed class ChosenRows(Tiles tiles)
{
    /// <summary>m_b = Σ_k a[b,k] rows[unit[b,k]], [B,W].</summary>
    public Tensor Sum(TopKCodes codes, Tensor rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor sum = empty(codes.Indices.shape[0], rows.shape[1], dtype: rows.dtype, device: rows.device);
        foreach ((long start, long count) in Slices(codes.Indices, rows.shape[1]))
        {
            using DisposeScope slice = NewDisposeScope();
            Tensor a = codes.Values.narrow(0, start, count).unsqueeze(1);
            sum.narrow(0, start, count).copy_(a.bmm(Gather(rows, codes.Indices.narrow(0, start, count))).squeeze(1));
        }
        return sum.MoveToOuterDisposeScope();
    }

    /// <summary>d[b,k] = vector_b · rows[unit[b,k]], [B,K].</summary>
    /// <param name="units">[B,K].</param>
    /// <param name="vectors">[B,W].</param>
    /// <param name="rows">[N,W].</param>
    public Tensor Dot(Tensor units, Tensor vectors, Tensor rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor dots = empty(units.shape, dtype: rows.dtype, device: rows.device);
        foreach ((long start, long count) in Slices(units, rows.shape[1]))
        {
            using DisposeScope slice = NewDisposeScope();
            Tensor vector = vectors.narrow(0, start, count).unsqueeze(2);
            dots.narrow(0, start, count).copy_(Gather(rows, units.narrow(0, start, count)).bmm(vector).squeeze(2));
        }
        return dots.MoveToOuterDisposeScope();
    }

    /// <summary>gradient[unit[b,k]] += d[b,k] vector_b; rows of units that no token has are not touched.</summary>
    /// <param name="gradient">[N,W].</param>
    /// <param name="units">[B,K].</param>
    /// <param name="coefficients">d, [B,K].</param>
    /// <param name="vectors">[B,W].</param>
    public void AddTo(Tensor gradient, Tensor units, Tensor coefficients, Tensor vectors)
    {
        foreach ((long start, long count) in Slices(units, gradient.shape[1]))
        {
            using DisposeScope slice = NewDisposeScope();
            Tensor scaled = coefficients.narrow(0, start, count).unsqueeze(2) * vectors.narrow(0, start, count).unsqueeze(1);
            AddTo(gradient, units.narrow(0, start, count), scaled.view(-1, gradient.shape[1]));
        }
    }

    /// <summary>gradient[unit[b,k]] += d[b,k].</summary>
    /// <param name="gradient">[N].</param>
    /// <param name="units">[B,K].</param>
    /// <param name="values">d, [B,K].</param>
    public static void AddTo(Tensor gradient, Tensor units, Tensor values)
    {
        using DisposeScope scope = NewDisposeScope();
        Accumulate(gradient, units.reshape(-1), gradient.dim() == 1 ? values.reshape(-1) : values, gradient.device_type == DeviceType.CPU);
    }

    /// <summary>
    /// target[index_i] += value_i in the order of i, so that a run gives the same bits again. On a CPU index_add_ goes through the indices one after
    /// another. On CUDA it adds atomically, in any order; there index_put_ with accumulate sorts the indices, and it is not among the operations that
    /// torch documents as nondeterministic on CUDA. On a CPU it is the other way round.
    /// </summary>
    internal static void Accumulate(Tensor target, Tensor index, Tensor values, bool isCpu)
    {
        if (isCpu) target.index_add_(0, index, values, One);
        else target.index_put_(values, [index], accumulate: true);
    }

    /// <summary>[B,K,W].</summary>
    private static Tensor Gather(Tensor rows, Tensor units) => rows.index_select(0, units.reshape(-1)).view(units.shape[0], units.shape[1], rows.shape[1]);

    private IEnumerable<(long Start, long Count)> Slices(Tensor units, long width) => Tiles.Cut(units.shape[0], tiles.TokensOf(units.shape[1] * width));
}
