using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Mxd.Layers;

/// <summary>
/// A transcoder with L latents: with x [B,I],
/// <code>
/// a = TopK_K(act(x W_encᵀ + b_enc))   [B,L]   W_enc [L,I]
/// y = a W_dec + b                     [B,O]   W_dec [L,O]
/// </code>
/// TopK chooses among the activated values.
/// </summary>
public sealed class Transcoder : ILayer
{
    public static LayerType Kind { get; } =
        new("transcoder", "Transcoder", "relu", HasHidden: false, Specs, (options, parameters) => new Transcoder(options, parameters));

    private readonly ActivationFunction activation;
    private readonly Parameter encoder, encoderBias, decoder, outputBias;

    private Transcoder(LayerOptions options, IReadOnlyList<Parameter> parameters)
    {
        Options = options;
        Parameters = parameters;
        activation = ActivationFunction.Parse(options.Activation);
        encoder = this.Parameter("W_enc");
        encoderBias = this.Parameter("b_enc");
        decoder = this.Parameter("W_dec");
        outputBias = this.Parameter("b_dec_out");
    }

    public LayerOptions Options { get; }

    public IReadOnlyList<Parameter> Parameters { get; }

    public Parameter UnitDecoder => decoder;

    public SparseCodes Encode(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        return TopK.Select(activation.Apply(F.linear(x, encoder.Value, encoderBias.Value)), Options.K).MoveToOuterDisposeScope();
    }

    public Tensor Decode(SparseCodes codes, Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        return (matmul(codes.ToDense(), decoder.Value) + outputBias.Value).MoveToOuterDisposeScope();
    }

    public TrainingPass Differentiate(Tensor x, Tensor target)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor u = F.linear(x, encoder.Value, encoderBias.Value);
        TopKCodes codes = TopK.Select(activation.Apply(u), Options.K);
        Tensor a = codes.ToDense();
        Tensor y = matmul(a, decoder.Value).add_(outputBias.Value);
        NormScaledMse.Result loss = NormScaledMse.Differentiate(y, target);

        outputBias.SetGradient(loss.OutputGradient.sum(dim: 0));
        decoder.SetGradient(matmul(a.t(), loss.OutputGradient));
        Tensor selected = zeros_like(a, dtype: ScalarType.Bool).scatter_(1, codes.Indices, ones_like(codes.Indices, dtype: ScalarType.Bool));
        Tensor latentGradient = matmul(loss.OutputGradient, decoder.Value.t()).mul_(activation.Derivative(u)).mul_(selected);
        encoder.SetGradient(matmul(latentGradient.t(), x));
        encoderBias.SetGradient(latentGradient.sum(dim: 0));

        return new TrainingPass(new LossTerms(loss.Loss.ToDouble()), codes.MoveToOuterDisposeScope(), y.MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        foreach (Parameter parameter in Parameters) parameter.Dispose();
    }

    private static IReadOnlyList<ParameterSpec> Specs(LayerOptions o) =>
    [
        new("W_enc", [o.Units, o.InputWidth], new Initial.Linear(o.InputWidth), StoredTransposed: true),
        new("b_enc", [o.Units], new Initial.Zeros()),
        new("W_dec", [o.Units, o.OutputWidth], o.UnitNorm ? new Initial.UnitRows() : new Initial.Linear(o.Units)),
        new("b_dec_out", [o.OutputWidth], new Initial.Zeros()),
    ];
}
