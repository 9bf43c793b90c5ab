using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

public abstract partial record Sparsity
{
    /// <summary>
    /// Every activation is kept, and the loss has the term λ · mean over tokens of Σ_n |a_n|, or Σ_n |a_n| ‖c_n‖ where the norms of the
    /// decoder vectors are free (so that they cannot grow to make room for smaller coefficients).
    /// </summary>
    /// <param name="Coefficient">λ; zero for a layer that is only used.</param>
    public sealed record L1(double Coefficient) : Sparsity
    {
        public override string Title => Coefficient == 0 ? "all active units" : FormattableString.Invariant($"λ = {Coefficient}");

        public override IEnumerable<string> Problems(long units)
        {
            if (!(Coefficient >= 0 && double.IsFinite(Coefficient)))
                yield return $"The L1 coefficient is {Coefficient}; it must be 0 or a number above.";
        }

        public override SparseCodes Select(Tensor p, Tensor u, Tensor? threshold) => new DenseCodes(u);

        public override ReadableLoss Penalise(ReadableLoss loss, SparseCodes codes, Tensor p, Tensor? norms, Tensor? threshold)
        {
            Tensor sizes = norms is null ? codes.Values.abs() : codes.Values.abs() * norms;
            return loss with { L1 = sizes.sum(1).mean() * Number(Coefficient) };
        }

        public override PenaltyTerms Backward(SparsityPass pass, Tensor codeGradient)
        {
            using DisposeScope scope = NewDisposeScope();
            double weight = Coefficient / pass.Codes.Values.shape[0];
            Tensor sizes = pass.Codes.Values.abs().sum(dim: 0), signs = pass.Codes.Values.sign();
            if (pass.NormsAreFree)
            {
                Tensor rows = pass.UnitVectors.Value, norms = linalg.vector_norm(rows, 2, [1]);
                pass.UnitVectors.Gradient.addcmul_(rows, (sizes / norms.masked_fill(norms == Zero, One)).unsqueeze(1), Number(weight));
                signs.mul_(norms);
                sizes.mul_(norms);
            }
            codeGradient.add_(signs, Number(weight));
            return new PenaltyTerms(L1: sizes.sum().ToDouble() * weight);
        }
    }
}
