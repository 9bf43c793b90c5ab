using System.Text.Json.Serialization;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// What imported layers do to each token before encoding, and undo after decoding where the output stands for the input itself, which is
/// in autoencoders. Layers trained here do nothing.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<InputNormalisation>))]
public enum InputNormalisation
{
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>x' = (x - μ) / (σ + 1e-5), in autoencoders y ← y σ + μ, with the token's mean μ and unbiased standard deviation σ.</summary>
    [JsonStringEnumMemberName("layer_norm")]
    LayerNorm,

    /// <summary>x' = c x, in autoencoders y ← y / c, with c = √I / ‖x‖₂.</summary>
    [JsonStringEnumMemberName("constant_norm_rescale")]
    ConstantNormRescale,
}

internal static class Normaliser
{
    private const double Epsilon = 1e-5, Smallest = 1e-30;

    /// <summary>x' [B,I].</summary>
    public static Tensor Apply(InputNormalisation kind, Tensor x) => kind switch
    {
        InputNormalisation.LayerNorm => (x - x.mean([1], keepdim: true)) / Deviation(x).add(Number(Epsilon), One),
        InputNormalisation.ConstantNormRescale => x * Scale(x),
        _ => x,
    };

    /// <summary>The output [B,O] in the input's own terms.</summary>
    public static Tensor Undo(InputNormalisation kind, Tensor y, Tensor x) => kind switch
    {
        InputNormalisation.LayerNorm => (y * Deviation(x)).add(x.mean([1], keepdim: true), One),
        InputNormalisation.ConstantNormRescale => y / Scale(x),
        _ => y,
    };

    /// <summary>What <see cref="Undo"/> multiplies the output by, [B,1]; null where by nothing.</summary>
    public static Tensor? UndoneScale(InputNormalisation kind, Tensor x) => kind switch
    {
        InputNormalisation.LayerNorm => Deviation(x),
        InputNormalisation.ConstantNormRescale => Scale(x).reciprocal(),
        _ => null,
    };

    private static Tensor Deviation(Tensor x) => x.std([1], unbiased: true, keepdim: true);

    /// <summary>A token of zeros stays one, instead of spoiling every figure it is part of.</summary>
    private static Tensor Scale(Tensor x) => linalg.vector_norm(x, 2, [1], keepdim: true).clamp_min(Number(Smallest)).reciprocal() * Number(Math.Sqrt(x.shape[1]));
}
