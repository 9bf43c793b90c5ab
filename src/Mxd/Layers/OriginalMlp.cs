using Mxd.LanguageModels;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// A language model's own MLP as a mixture with one expert (N = 1, K = 1), which computes the same output from
/// <see cref="HookSite.MlpNormalized"/> (arXiv 2505.21364, section 3: mixtures generalise MLPs and gated linear units). With c = 1, a gate of
/// zeros and a gate bias of one,
/// <code>
/// a = TopK_1(relu(0 + 1)) = 1        y = (1 · 1) * (z D) + b
/// z = act(n E + e)                   of an MLP without a gate, type mxd
/// z = (n Vᵀ + v) * act(n E + e)      of one with a gate, type glu-mxd
/// </code>
/// The norm's scale s and shift t are absorbed: for a linear map W, w of n * s + t, E = (W diag(s))ᵀ and e = W t + w. The output is that of the
/// MLP up to the rounding of float32 (of the model's dtype, where that is narrower).
/// </summary>
/// <param name="Type">The layer's type.</param>
/// <param name="Activation">The layer's activation.</param>
/// <param name="Tensors">
/// Its parameters in float32 under the reference's keys, in the orientation of the reference's files; they belong to the caller's dispose scope.
/// Its c is not of unit norm: build the layer with <see cref="LayerOptions.UnitNorm"/> off.
/// </param>
public sealed record OriginalMlp(string Type, string Activation, IReadOnlyDictionary<string, Tensor> Tensors)
{
    public long InputWidth => Tensors["W_enc"].shape[0];

    public long Hidden => Tensors["W_dec"].shape[0];

    public long OutputWidth => Tensors["W_dec"].shape[1];

    public static OriginalMlp Of(MlpWeights weights)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        var norm = new Norm(Float32(weights.NormScale), weights.NormShift is { } shift ? Float32(shift) : null);
        (string type, Dictionary<string, Tensor> tensors) = weights switch
        {
            PlainMlpWeights plain => ("mxd", PlainTensors(norm, plain.Up)),
            GatedMlpWeights gated => ("glu-mxd", GatedTensors(norm, gated)),
            _ => throw new ArgumentException($"{weights.GetType().Name} is not known to be a mixture's hidden layer.", nameof(weights)),
        };
        AddExpert(tensors, norm, weights.Down);
        foreach (Tensor tensor in tensors.Values) tensor.MoveToOuterDisposeScope();
        return new OriginalMlp(type, weights.Activation, tensors);
    }

    /// <summary>The layer itself.</summary>
    public ILayer ToLayer(Device device)
    {
        var options = new LayerOptions
        {
            Type = Type,
            InputWidth = InputWidth,
            OutputWidth = OutputWidth,
            Hidden = Hidden,
            Units = 1,
            Sparsity = new Sparsity.TopK(1),
            Activation = Activation,
            UnitNorm = false,
        };
        return LayerTypes.Get(Type).FromStored(options, key => Tensors[key], device);
    }

    /// <summary>Scale [I], and shift [I] or null.</summary>
    private sealed record Norm(Tensor Scale, Tensor? Shift);

    private static Dictionary<string, Tensor> PlainTensors(Norm norm, LinearWeights map)
    {
        LinearWeights absorbed = Absorb(norm, map);
        return new() { ["W_enc"] = absorbed.Weight.t().contiguous(), ["b_enc"] = absorbed.Bias! };
    }

    private static Dictionary<string, Tensor> GatedTensors(Norm norm, GatedMlpWeights weights)
    {
        Dictionary<string, Tensor> tensors = PlainTensors(norm, weights.Gate);
        LinearWeights second = Absorb(norm, weights.Up);
        tensors.Add("W_glu.weight", second.Weight);
        tensors.Add("W_glu.bias", second.Bias!);
        return tensors;
    }

    /// <summary>The decoder, and the one expert that is always on and changes nothing.</summary>
    private static void AddExpert(Dictionary<string, Tensor> tensors, Norm norm, LinearWeights down)
    {
        Tensor decoder = Float32(down.Weight).t().contiguous();
        tensors.Add("W_dec", decoder);
        tensors.Add("gate", zeros_like(norm.Scale).unsqueeze(0));
        tensors.Add("gate_bias", ones(1, dtype: ScalarType.Float32, device: decoder.device));
        tensors.Add("W_cond", ones(decoder.shape[1], 1, dtype: ScalarType.Float32, device: decoder.device));
        tensors.Add("b_dec_out", BiasOrZeros(down));
    }

    /// <summary>The map of n that equals <paramref name="map"/> of n * s + t, with a bias always.</summary>
    private static LinearWeights Absorb(Norm norm, LinearWeights map)
    {
        Tensor weight = Float32(map.Weight), bias = BiasOrZeros(map);
        if (norm.Shift is { } shift) bias = bias.add(matmul(weight, shift), One);
        return new LinearWeights(weight * norm.Scale, bias);
    }

    private static Tensor BiasOrZeros(LinearWeights map) =>
        map.Bias is { } bias ? Float32(bias) : zeros(map.Weight.shape[0], dtype: ScalarType.Float32, device: map.Weight.device);

    /// <summary>A copy, so that nothing of the language model's is handed on.</summary>
    private static Tensor Float32(Tensor tensor) => tensor.to(ScalarType.Float32, copy: true);
}
