using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// The linear control: y = x W_skipᵀ + b by least squares over every token seen, the floor that a skip connection gives for nothing. It takes no
/// gradient steps: with x̃ = [x, 1] it sums x̃ᵀ x̃ and x̃ᵀ t in float64 and solves for the weights after each batch.
/// </summary>
internal sealed class LinearLayer : ILayer, IFittedLayer
{
    public static LayerType Kind { get; } = new()
    {
        Name = "linear",
        Title = "Linear map",
        HasUnits = false,
        Specs = options => [SkipConnection.Spec(options), new("b_dec_out", [options.OutputWidth], new Initial.Zeros())],
        Create = (options, parameters) => new LinearLayer(options, parameters),
    };

    /// <summary>Share of the mean square of the inputs added to the diagonal, so that few tokens, too, have one solution.</summary>
    private const double Ridge = 1e-9;

    private readonly Parameter weights, bias;
    private Tensor? inputs, targets;

    private LinearLayer(LayerOptions options, IReadOnlyList<Parameter> parameters)
    {
        Options = options;
        Parameters = parameters;
        var set = new ParameterSet(parameters);
        weights = set[SkipConnection.Key];
        bias = set["b_dec_out"];
    }

    public LayerOptions Options { get; }

    public IReadOnlyList<Parameter> Parameters { get; }

    public Parameter? UnitDecoder => null;

    public IReadOnlyList<(string Key, Tensor Value)> Sums => [("inputs", Inputs), ("targets", Targets)];

    /// <summary>Σ x̃ᵀ x̃, [I+1,I+1].</summary>
    private Tensor Inputs => inputs ??= Zeros(Options.InputWidth + 1);

    /// <summary>Σ x̃ᵀ t, [I+1,O].</summary>
    private Tensor Targets => targets ??= Zeros(Options.OutputWidth);

    public SparseCodes Encode(Tensor x) => DenseCodes.None(x);

    public Tensor Decode(SparseCodes codes, Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        return (matmul(x, weights.Value.t()) + bias.Value).MoveToOuterDisposeScope();
    }

    public TrainingPass Fit(TrainingBatch batch)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        SparseCodes codes = Encode(batch.Inputs);
        Tensor y = Decode(codes, batch.Inputs);
        double loss = NormScaledMse.Of(y, batch.Targets).ToDouble();
        Tensor x = cat([batch.Inputs, ones(batch.Inputs.shape[0], 1, device: batch.Inputs.device)], 1).to(ScalarType.Float64);
        Inputs.add_(matmul(x.t(), x));
        Targets.add_(matmul(x.t(), batch.Targets.to(ScalarType.Float64)));
        Solve();
        return new TrainingPass(new LossTerms(loss), codes.MoveToOuterDisposeScope(), y.MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        foreach (Parameter parameter in Parameters) parameter.Dispose();
        inputs?.Dispose();
        targets?.Dispose();
    }

    private void Solve()
    {
        using DisposeScope scope = NewDisposeScope();
        long width = Options.InputWidth;
        Tensor system = Inputs + eye(width + 1, dtype: ScalarType.Float64, device: Inputs.device) * (Inputs.diagonal().mean() * Ridge);
        Tensor solution = linalg.solve(system, Targets);
        weights.Value.copy_(solution.narrow(0, 0, width).t());
        bias.Value.copy_(solution[width]);
    }

    private Tensor Zeros(long columns) =>
        zeros(Options.InputWidth + 1, columns, dtype: ScalarType.Float64, device: weights.Value.device).DetachFromDisposeScope();
}
