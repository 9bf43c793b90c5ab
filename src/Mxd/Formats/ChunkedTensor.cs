using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Formats;

/// <summary>Builds a tensor of one type from values that arrive in another, a bounded number at a time.</summary>
internal static class ChunkedTensor
{
    /// <summary>Elements a chunk: 1 MB of float32, which stays in the second-level cache. A multiple of every block format's length.</summary>
    public const int Elements = 1 << 18;

    /// <summary>Puts the values from a given element on into a flat tensor of the arriving type.</summary>
    public delegate void FillAction(long firstElement, Tensor chunk);

    public static Tensor Build(IReadOnlyList<long> shape, ScalarType arriving, ScalarType wanted, FillAction fill)
    {
        using DisposeScope scope = NewDisposeScope();
        using var noGrad = no_grad();
        // The buffer comes first and is always whole: the next tensor's then takes the same place, and the heap stays without holes.
        Tensor buffer = empty(Elements, arriving, CPU);
        Tensor result = empty([.. shape], wanted, CPU);
        Tensor flat = result.view(-1);
        for (long first = 0; first < flat.NumberOfElements; first += Elements)
        {
            long count = Math.Min(Elements, flat.NumberOfElements - first);
            using Tensor chunk = buffer.narrow(0, 0, count);
            using Tensor target = flat.narrow(0, first, count);
            fill(first, chunk);
            target.copy_(chunk);
        }
        return result.MoveToOuterDisposeScope();
    }
}
