using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// Keeps units from dying (AuxK of Gao et al., 2024, for experts too): the units that have not been active for a while are made to predict
/// what the layer left over. With e = t - y taken as constant, p the pre-activations and S the <see cref="K"/> dead units of largest p,
/// <code>
/// ê = (Σ_{n in S} p_n c_n) * s        loss term: coefficient · mean of (ê - e)² / ‖t‖₂
/// </code>
/// where s is a mixture's shared output z D (1 in other types), taken as constant. Pre-activations and not activations: a relu would give
/// nothing back to a unit that is below zero everywhere, and those are the dead ones.
/// </summary>
public sealed record AuxiliaryLoss
{
    /// <summary>Weight of the term beside the loss.</summary>
    public required double Coefficient { get; init; }

    /// <summary>Dead units taken into account on a token, at most.</summary>
    public int K { get; init; } = 256;

    /// <summary>Tokens without activity after which a unit counts as dead.</summary>
    public long DeadAfter { get; init; } = 1_000_000;

    /// <summary>Every rule these settings break, one line each.</summary>
    public IEnumerable<string> Problems()
    {
        if (!(Coefficient > 0 && double.IsFinite(Coefficient))) yield return $"The AuxK coefficient is {Coefficient}; it must be a number above 0.";
        if (K < 1) yield return $"The number of dead units of AuxK is {K}; it must be at least 1.";
        if (DeadAfter < 1) yield return $"Units are to count as dead after {DeadAfter} tokens; it must be at least 1.";
    }

    /// <summary>The dead units of largest pre-activation on each token.</summary>
    internal TopKCodes Select(Tensor p, Tensor dead)
    {
        using DisposeScope scope = NewDisposeScope();
        (_, Tensor indices) = p.detach().masked_fill(dead.logical_not(), Number(double.NegativeInfinity)).topk(Active(dead), 1, true, false);
        return (TopKCodes)new TopKCodes(indices, p.gather(1, indices), p.shape[1]).MoveToOuterDisposeScope();
    }

    /// <summary>The term under autograd.</summary>
    internal Tensor Of(UnitEncoder.Pass encoded, DecoderPass decoded, Parameter vectors, Tensor target, Tensor y, Tensor dead)
    {
        Tensor predicted = matmul(Coefficients(Select(encoded.PreActivations, dead), encoded).ToDense(), vectors.Value);
        if (decoded.Shared is { } shared) predicted = predicted * shared.detach();
        return NormScaledMse.Of(predicted, (target - y).detach(), NormScaledMse.Weights(target)) * Number(Coefficient);
    }

    /// <summary>The term's value, and its gradient of the pre-activations [B,N]; that of the decoder vectors is added to theirs.</summary>
    internal (double Loss, Tensor Gradient) Backward(UnitEncoder.Pass encoded, DecoderPass decoded, Parameter vectors, Tensor target, Tensor y, Tensor dead)
    {
        using DisposeScope scope = NewDisposeScope();
        TopKCodes chosen = Select(encoded.PreActivations, dead);
        Tensor a = Coefficients(chosen, encoded).ToDense();
        (double loss, Tensor gradient) = Differentiate(matmul(a, vectors.Value), decoded, target, y);
        vectors.Gradient.add_(matmul(a.t(), gradient), One);
        Tensor passed = chosen.Gather(matmul(gradient, vectors.Value.t()));
        if (encoded.Factor is { } glu) passed = passed * chosen.Gather(glu);
        return (loss, chosen.Scatter(passed).MoveToOuterDisposeScope());
    }

    /// <summary>The term's value, and its gradient of the sum of the dead units' vectors [B,O].</summary>
    /// <param name="sum">Σ_{n in S} p_n c_n, [B,O].</param>
    internal (double Loss, Tensor Gradient) Differentiate(Tensor sum, DecoderPass decoded, Tensor target, Tensor y)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor predicted = decoded.Shared is { } shared ? sum * shared : sum;
        NormScaledMse.Result loss = NormScaledMse.Differentiate(predicted, target - y, NormScaledMse.Weights(target));
        Tensor gradient = loss.OutputGradient.mul_(Number(Coefficient));
        if (decoded.Shared is { } factor) gradient = gradient * factor;
        return (loss.Loss.ToDouble() * Coefficient, gradient.MoveToOuterDisposeScope());
    }

    /// <summary>Dead units taken into account on a token, where there are dead ones.</summary>
    internal int Active(Tensor dead) => (int)Math.Min(K, dead.sum().ToInt64());

    /// <summary>A GLU variant's second factor takes part, as a constant.</summary>
    private static SparseCodes Coefficients(TopKCodes chosen, UnitEncoder.Pass encoded) =>
        encoded.Factor is { } factor ? chosen.With(chosen.Values * chosen.Gather(factor).detach()) : chosen;
}
