using static TorchSharp.torch;

namespace Mxd.LanguageModels;

/// <summary>x Weightᵀ + Bias.</summary>
/// <param name="Weight">[out,in].</param>
/// <param name="Bias">[out]; null where the model has none.</param>
public sealed record LinearWeights(Tensor Weight, Tensor? Bias);

/// <summary>
/// A language model's MLP as a function of <see cref="HookSite.MlpNormalized"/>, n [B,width]: the norm's own scale and shift, m = n * s + t,
/// and what follows.
/// </summary>
/// <param name="Activation">relu, gelu (erf), gelu-tanh, sigmoid or silu.</param>
/// <param name="NormScale">s [width].</param>
/// <param name="NormShift">t [width]; null for an RMS norm.</param>
/// <param name="Down">From the hidden values to the output.</param>
public abstract record MlpWeights(string Activation, Tensor NormScale, Tensor? NormShift, LinearWeights Down);

/// <summary>down(act(up(m))).</summary>
public sealed record PlainMlpWeights(string Activation, Tensor NormScale, Tensor? NormShift, LinearWeights Up, LinearWeights Down)
    : MlpWeights(Activation, NormScale, NormShift, Down);

/// <summary>down(act(gate(m)) * up(m)).</summary>
public sealed record GatedMlpWeights(
    string Activation, Tensor NormScale, Tensor? NormShift, LinearWeights Gate, LinearWeights Up, LinearWeights Down)
    : MlpWeights(Activation, NormScale, NormShift, Down);
