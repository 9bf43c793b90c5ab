using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

public abstract partial record Sparsity
{
    /// <summary>
    /// A threshold θ_n a unit, learnt: a = relu(p) [p > θ], and the loss has the term λ · mean over tokens of Σ_n [p_n > θ_n]
    /// (Rajamanoharan et al., 2024). Both steps are given the derivative of a ramp of width ε about θ:
    /// <code>
    /// d a / d θ = -(max(θ, 0) / ε) r        d [p > θ] / d θ = -(1 / ε) r        r = [|p - θ| &lt; ε / 2]
    /// </code>
    /// A threshold below zero leaves a relu, without a jump; the count in the loss is that of units above zero, too.
    /// The threshold itself is trained, not its logarithm, so that a file's thresholds of zero or below stay what they are.
    /// </summary>
    /// <param name="Coefficient">λ; zero for a layer that is only used.</param>
    /// <param name="Bandwidth">ε, in units of the pre-activations.</param>
    public sealed record JumpRelu(double Coefficient, double Bandwidth = JumpRelu.DefaultBandwidth) : Sparsity
    {
        public const double DefaultBandwidth = 0.05;

        /// <summary>θ of a new layer.</summary>
        public const double InitialThreshold = 0.01;

        public override string Title => Coefficient == 0 ? "above learnt thresholds" : FormattableString.Invariant($"L0 coefficient {Coefficient}");

        public override IEnumerable<string> Problems(long units)
        {
            if (!(Coefficient >= 0 && double.IsFinite(Coefficient))) yield return $"The L0 coefficient is {Coefficient}; it must be 0 or a number above.";
            if (!(Bandwidth > 0 && double.IsFinite(Bandwidth))) yield return $"The bandwidth is {Bandwidth}; it must be a number above 0.";
        }

        public override IEnumerable<ParameterSpec> Specs(long units) => [new(ThresholdKey, [units], new Initial.Constant(InitialThreshold))];

        public override SparseCodes Select(Tensor p, Tensor u, Tensor? threshold)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor chosen = (p > threshold!).to(u.dtype);
            Tensor a = u * chosen;
            // Adds zero, with the derivative that the step lacks.
            if (threshold!.requires_grad) a = a.add((threshold.detach() - threshold) * (threshold.relu() * Ramp(p, threshold)).detach(), One);
            return new DenseCodes(a, chosen).MoveToOuterDisposeScope();
        }

        public override ReadableLoss Penalise(ReadableLoss loss, SparseCodes codes, Tensor p, Tensor? norms, Tensor? threshold)
        {
            Tensor steps = (p > threshold!.relu()).to(p.dtype).add((threshold.detach() - threshold) * Ramp(p, threshold).detach(), One);
            return loss with { L0 = steps.sum(1).mean() * Number(Coefficient) };
        }

        public override PenaltyTerms Backward(SparsityPass pass, Tensor codeGradient)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor p = pass.PreActivations, threshold = pass.Threshold!.Value;
            double weight = Coefficient / p.shape[0];
            Tensor ramp = Ramp(p, threshold);
            pass.Threshold.SetGradient((codeGradient * threshold.relu()).add_(Number(weight), One).mul_(ramp).sum(dim: 0).neg_());
            return new PenaltyTerms(L0: (p > threshold.relu()).sum().ToDouble() * weight);
        }

        /// <summary>r / ε.</summary>
        private Tensor Ramp(Tensor p, Tensor threshold)
        {
            using DisposeScope scope = NewDisposeScope();
            return ((p - threshold).abs() < Number(Bandwidth / 2)).to(p.dtype).div_(Number(Bandwidth)).MoveToOuterDisposeScope();
        }
    }
}
