using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

public abstract partial record Sparsity
{
    /// <summary>
    /// During training the B · K largest activations of a whole batch are kept, so that tokens share them as they need (Bussmann, Leask and
    /// Nanda, 2024). Otherwise activations above a threshold are: the running mean of the smallest one kept in training.
    /// </summary>
    /// <param name="K">Units a token, on average.</param>
    public sealed record BatchTopK(int K) : Sparsity
    {
        /// <summary>
        /// Share of each batch in the running mean. The smallest of the B · K kept varies little from batch to batch but moves while a layer
        /// learns: with a share of 0.01 a run of 49 steps ended with 49 units a token for K = 32.
        /// </summary>
        private const double Rate = 0.1;

        public override string Title => $"K = {K} on average";

        public override int? Active => K;

        public override IEnumerable<string> Problems(long units) => CountProblems(K, units);

        public override IEnumerable<ParameterSpec> Specs(long units) => [new(ThresholdKey, [1], new Initial.Zeros()) { IsTrained = false }];

        public override SparseCodes Select(Tensor p, Tensor u, Tensor? threshold) => Above(u, threshold!);

        public override SparseCodes SelectInTraining(Tensor p, Tensor u, Tensor? threshold)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor flat = u.detach().flatten();
            (_, Tensor indices) = flat.topk((int)Math.Min(flat.shape[0], u.shape[0] * (long)K), 0, true, false);
            Tensor chosen = zeros_like(flat).index_fill_(0, indices, One).view(u.shape);
            return new DenseCodes(u * chosen, chosen).MoveToOuterDisposeScope();
        }

        public override void Observe(SparseCodes codes, Tensor? threshold)
        {
            using IDisposable noGrad = no_grad();
            using DisposeScope scope = NewDisposeScope();
            Tensor positive = codes.Values.masked_select(codes.Values > Zero);
            if (positive.numel() == 0) return;
            Tensor smallest = positive.min();
            threshold!.copy_(threshold.ToDouble() == 0 ? smallest : (threshold * Number(1 - Rate)).add_(smallest * Number(Rate), One));
        }
    }

    /// <summary>u where it is above the threshold.</summary>
    private static DenseCodes Above(Tensor u, Tensor threshold)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor chosen = (u > threshold).to(u.dtype);
        return (DenseCodes)new DenseCodes(u * chosen, chosen).MoveToOuterDisposeScope();
    }
}
