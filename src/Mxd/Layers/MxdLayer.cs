using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Mxd.Layers;

/// <summary>
/// Mixture of Decoders (arXiv 2505.21364, section 3): N experts share one hidden layer and one decoder and differ by a vector c_n that
/// scales the output. With x [B,I]:
/// <code>
/// z = act(x Eᵀ + e)                 [B,H]   E [H,I]
/// a = TopK_K(relu(x Gᵀ + g))        [B,N]   G [N,I]
/// y = (a C) * (z D) + b             [B,O]   C [N,O], D [H,O]
/// </code>
/// which equals Σ_n a_n W_nᵀ z with full-rank experts W_n = D diag(c_n).
/// </summary>
public sealed class MxdLayer : ILayer
{
    public static LayerType Kind { get; } = new("mxd", "MxD", "gelu", HasHidden: true, Specs, (options, parameters) => new MxdLayer(options, parameters));

    private readonly ActivationFunction activation;
    private readonly Parameter hiddenWeights, hiddenBias, decoder, gate, gateBias, scales, outputBias;

    private MxdLayer(LayerOptions options, IReadOnlyList<Parameter> parameters)
    {
        Options = options;
        Parameters = parameters;
        activation = ActivationFunction.Parse(options.Activation);
        hiddenWeights = this.Parameter("W_enc");
        hiddenBias = this.Parameter("b_enc");
        decoder = this.Parameter("W_dec");
        gate = this.Parameter("gate");
        gateBias = this.Parameter("gate_bias");
        scales = this.Parameter("W_cond");
        outputBias = this.Parameter("b_dec_out");
    }

    public LayerOptions Options { get; }

    public IReadOnlyList<Parameter> Parameters { get; }

    public Parameter UnitDecoder => scales;

    public SparseCodes Encode(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        return TopK.Select(F.relu(F.linear(x, gate.Value, gateBias.Value)), Options.K).MoveToOuterDisposeScope();
    }

    public Tensor Decode(SparseCodes codes, Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor hidden = activation.Apply(F.linear(x, hiddenWeights.Value, hiddenBias.Value));
        Tensor y = matmul(codes.ToDense(), scales.Value) * matmul(hidden, decoder.Value) + outputBias.Value;
        return y.MoveToOuterDisposeScope();
    }

    public TrainingPass Differentiate(Tensor x, Tensor target)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        var codes = (TopKCodes)Encode(x);
        Tensor a = codes.ToDense();
        Tensor u = F.linear(x, hiddenWeights.Value, hiddenBias.Value);
        Tensor z = activation.Apply(u);
        Tensor shared = matmul(z, decoder.Value);
        Tensor scale = matmul(a, scales.Value);
        Tensor y = (shared * scale).add_(outputBias.Value);
        NormScaledMse.Result loss = NormScaledMse.Differentiate(y, target);

        // With dy = d loss / d y: d(aC) = dy * (zD) and d(zD) = dy * (aC).
        outputBias.SetGradient(loss.OutputGradient.sum(dim: 0));
        Tensor scaleGradient = shared.mul_(loss.OutputGradient);
        Tensor sharedGradient = scale.mul_(loss.OutputGradient);
        GateBackward(x, a, scaleGradient);
        HiddenBackward(x, u, z, sharedGradient);

        return new TrainingPass(new LossTerms(loss.Loss.ToDouble()), codes.MoveToOuterDisposeScope(), y.MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        foreach (Parameter parameter in Parameters) parameter.Dispose();
    }

    /// <summary>C, G and g. Only selected units above zero pass a gradient on: relu and TopK stop the others.</summary>
    private void GateBackward(Tensor x, Tensor a, Tensor scaleGradient)
    {
        using DisposeScope scope = NewDisposeScope();
        scales.SetGradient(matmul(a.t(), scaleGradient));
        Tensor gateGradient = matmul(scaleGradient, scales.Value.t()).masked_fill_(a <= 0, 0);
        gate.SetGradient(matmul(gateGradient.t(), x));
        gateBias.SetGradient(gateGradient.sum(dim: 0));
    }

    /// <summary>D, E and e.</summary>
    private void HiddenBackward(Tensor x, Tensor u, Tensor z, Tensor sharedGradient)
    {
        using DisposeScope scope = NewDisposeScope();
        decoder.SetGradient(matmul(z.t(), sharedGradient));
        Tensor hiddenGradient = matmul(sharedGradient, decoder.Value.t()).mul_(activation.Derivative(u));
        hiddenWeights.SetGradient(matmul(hiddenGradient.t(), x));
        hiddenBias.SetGradient(hiddenGradient.sum(dim: 0));
    }

    /// <summary>The reference draws C, a linear layer N → O, with fan-in N where its norms are free.</summary>
    private static IReadOnlyList<ParameterSpec> Specs(LayerOptions o)
    {
        long hidden = o.Hidden!.Value;
        Initial scales = o.UnitNorm ? new Initial.UnitRows() : new Initial.Linear(o.Units);
        return
        [
            new("W_enc", [hidden, o.InputWidth], new Initial.Linear(o.InputWidth), StoredTransposed: true),
            new("b_enc", [hidden], new Initial.Zeros()),
            new("W_dec", [hidden, o.OutputWidth], new Initial.Zeros()),
            new("gate", [o.Units, o.InputWidth], new Initial.Linear(o.InputWidth)),
            new("gate_bias", [o.Units], new Initial.Zeros()),
            new("W_cond", [o.Units, o.OutputWidth], scales, StoredTransposed: true),
            new("b_dec_out", [o.OutputWidth], new Initial.Zeros()),
        ];
    }
}
