using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>What one forward and backward pass saw; its gradients are in the layer's parameters.</summary>
public sealed record TrainingPass(LossTerms Loss, SparseCodes Codes, Tensor Output);

/// <summary>The terms of the loss by name; a term a run does not have is absent.</summary>
/// <param name="NormScaledMse">See <see cref="Layers.NormScaledMse"/>.</param>
public sealed record LossTerms(double NormScaledMse)
{
    [System.Text.Json.Serialization.JsonIgnore]
    public double Total => NormScaledMse;
}
