using System.Text.Json.Serialization;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// How a layer's activations are made sparse. p [B,units] are pre-activations, u [B,units] activations (for a mixture's gate relu(p)); the
/// codes' coefficients a are those of u that are chosen.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(TopK), "topk")]
[JsonDerivedType(typeof(L1), "l1")]
[JsonDerivedType(typeof(BatchTopK), "batch-topk")]
[JsonDerivedType(typeof(JumpRelu), "jumprelu")]
[JsonDerivedType(typeof(GroupMax), "groupmax")]
public abstract partial record Sparsity
{
    /// <summary>The key of what some kinds keep beside the layer's weights.</summary>
    public const string ThresholdKey = "threshold";

    /// <summary>As people read it: <c>K = 32</c>.</summary>
    [JsonIgnore]
    public abstract string Title { get; }

    /// <summary>Units active on a token: at most, or on average; null where training decides.</summary>
    [JsonIgnore]
    public virtual int? Active => null;

    /// <summary>Every rule these settings break for a layer of that many units, one line each.</summary>
    public virtual IEnumerable<string> Problems(long units) => [];

    /// <summary>What this kind keeps beside the layer's weights.</summary>
    public virtual IEnumerable<ParameterSpec> Specs(long units) => [];

    /// <summary>Chooses units.</summary>
    /// <param name="p">Pre-activations [B,units].</param>
    /// <param name="u">Activations [B,units].</param>
    /// <param name="threshold">The parameter of <see cref="Specs"/>, where there is one.</param>
    public abstract SparseCodes Select(Tensor p, Tensor u, Tensor? threshold);

    /// <summary>The same during training, where some kinds choose otherwise.</summary>
    public virtual SparseCodes SelectInTraining(Tensor p, Tensor u, Tensor? threshold) => Select(p, u, threshold);

    /// <summary>Brings a threshold that is not trained up to date with a batch's codes.</summary>
    public virtual void Observe(SparseCodes codes, Tensor? threshold)
    {
    }

    /// <summary>Adds this kind's terms to a readable loss.</summary>
    /// <param name="loss">So far.</param>
    /// <param name="codes">Of <see cref="SelectInTraining"/>.</param>
    /// <param name="p">Pre-activations.</param>
    /// <param name="norms">‖c_n‖ of the units' decoder vectors [units], where they are free; otherwise null.</param>
    /// <param name="threshold">As in <see cref="Select"/>.</param>
    public virtual ReadableLoss Penalise(ReadableLoss loss, SparseCodes codes, Tensor p, Tensor? norms, Tensor? threshold) => loss;

    /// <summary>The gradients of <see cref="Penalise"/> and of a trained threshold, written out.</summary>
    /// <param name="pass">What the step computed.</param>
    /// <param name="codeGradient">d loss / d a, [B,units], to which the penalty's is added in place.</param>
    public virtual PenaltyTerms Backward(SparsityPass pass, Tensor codeGradient) => new();
}

/// <summary>What <see cref="Sparsity.Backward"/> works on.</summary>
/// <param name="Codes">Of <see cref="Sparsity.SelectInTraining"/>.</param>
/// <param name="PreActivations">p, [B,units].</param>
/// <param name="UnitVectors">The units' decoder vectors, whose gradient is already written.</param>
/// <param name="NormsAreFree">Are their norms not kept at one?</param>
/// <param name="Threshold">Where this kind has one.</param>
public sealed record SparsityPass(SparseCodes Codes, Tensor PreActivations, Parameter UnitVectors, bool NormsAreFree, Parameter? Threshold);

/// <summary>Values of the penalties.</summary>
public readonly record struct PenaltyTerms(double? L1 = null, double? L0 = null);
