using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

public abstract partial record Sparsity
{
    /// <summary>Keeps the K largest activations of each token; fewer may be above zero.</summary>
    /// <param name="K">Units a token, at most.</param>
    public sealed record TopK(int K) : Sparsity
    {
        public override string Title => $"K = {K}";

        public override int? Active => K;

        public override IEnumerable<string> Problems(long units) => CountProblems(K, units);

        public override SparseCodes Select(Tensor p, Tensor u, Tensor? threshold) => Select(u, K);

        /// <summary>The K largest of u [B,units].</summary>
        public static TopKCodes Select(Tensor u, int k)
        {
            (Tensor values, Tensor indices) = u.topk(k, 1, true, false);
            return new TopKCodes(indices, values, u.shape[1]);
        }
    }

    /// <summary>
    /// Units in K groups of neighbours; the largest activation of each group is kept (sparsify's <c>groupmax</c>).
    /// </summary>
    /// <param name="K">Groups, and so units a token.</param>
    public sealed record GroupMax(int K) : Sparsity
    {
        public override string Title => $"group maximum, K = {K}";

        public override int? Active => K;

        public override IEnumerable<string> Problems(long units)
        {
            foreach (string problem in CountProblems(K, units)) yield return problem;
            if (K >= 1 && units % K != 0) yield return $"The {units} units cannot be cut into K = {K} groups of one size: choose a number of units that {K} divides.";
        }

        public override SparseCodes Select(Tensor p, Tensor u, Tensor? threshold)
        {
            using DisposeScope scope = NewDisposeScope();
            long units = u.shape[1], size = units / K;
            (Tensor values, Tensor within) = u.view(u.shape[0], K, size).max(2);
            Tensor first = arange(Zero, Number(units), Number(size), dtype: ScalarType.Int64, device: u.device);
            return new TopKCodes(within.add(first, One), values, units).MoveToOuterDisposeScope();
        }
    }

    private static IEnumerable<string> CountProblems(int k, long units)
    {
        if (k < 1) yield return $"K is {k}; at least 1 unit must be active: give a K from 1 to {units}.";
        else if (k > units) yield return $"K is {k}, more than the {units} units there are: give a K from 1 to {units}.";
    }
}
