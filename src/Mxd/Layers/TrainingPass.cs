using System.Text.Json.Serialization;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>What a training step is given.</summary>
/// <param name="Inputs">x, [B,I].</param>
/// <param name="Targets">t, [B,O].</param>
/// <param name="DeadUnits">Units that have not been active for long, bool [units]; null where none is dead or nothing is done about them.</param>
/// <param name="Precision">What products may be computed in.</param>
public sealed record TrainingBatch(Tensor Inputs, Tensor Targets, Tensor? DeadUnits = null, Precision Precision = Precision.Full);

/// <summary>
/// What one forward and backward pass saw; its gradients are in the layer's parameters. The memory of the codes and of the output is used again by the layer's next pass, and the gradients read the codes until they are used: neither may be written to, and what is to be kept is cloned.
/// </summary>
public sealed record TrainingPass(LossTerms Loss, SparseCodes Codes, Tensor Output);

/// <summary>A forward pass under autograd.</summary>
public sealed record ReadablePass(SparseCodes Codes, Tensor Output, ReadableLoss Loss);

/// <summary>The terms of the loss as scalar tensors under autograd; see <see cref="LossTerms"/>.</summary>
public sealed record ReadableLoss(Tensor NormScaledMse, Tensor? L1 = null, Tensor? L0 = null, Tensor? AuxK = null)
{
    public Tensor Total => new[] { L1, L0, AuxK }.OfType<Tensor>().Aggregate(NormScaledMse, (sum, term) => sum.add(term, One));

    public LossTerms ToTerms() => new(NormScaledMse.ToDouble(), L1?.ToDouble(), L0?.ToDouble(), AuxK?.ToDouble());
}

/// <summary>The terms of the loss by name; a term a run does not have is absent.</summary>
/// <param name="NormScaledMse">See <see cref="Layers.NormScaledMse"/>.</param>
/// <param name="L1">See <see cref="Sparsity.L1"/>.</param>
/// <param name="L0">See <see cref="Sparsity.JumpRelu"/>.</param>
/// <param name="AuxK">See <see cref="AuxiliaryLoss"/>.</param>
public sealed record LossTerms(double NormScaledMse, double? L1 = null, double? L0 = null, double? AuxK = null)
{
    [JsonIgnore]
    public double Total => NormScaledMse + (L1 ?? 0) + (L0 ?? 0) + (AuxK ?? 0);
}
