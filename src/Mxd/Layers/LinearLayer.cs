using TorchSharp;
using static Mxd.Runtime.Scalars;
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
        IsFitted = true,
        Specs = options => [SkipConnection.Spec(options), new("b_dec_out", [options.OutputWidth], new Initial.Zeros())],
        Create = (options, parameters) => new LinearLayer(options, parameters),
    };

    /// <summary>Share of each input's variance added to it.</summary>
    private const double Ridge = 1e-10;

    /// <summary>The least that is added, as a share of its mean square: above float64's rounding, for inputs that do not vary.</summary>
    private const double Rounding = 1e-14;

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
        return matmul(x, weights.Value.t()).add(bias.Value, One).MoveToOuterDisposeScope();
    }

    public TrainingPass Fit(TrainingBatch batch)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        SparseCodes codes = Encode(batch.Inputs);
        Tensor y = Decode(codes, batch.Inputs);
        double loss = NormScaledMse.Of(y, batch.Targets).ToDouble();
        Tensor x = cat([batch.Inputs, ones(batch.Inputs.shape[0], 1, device: batch.Inputs.device)], 1).to(ScalarType.Float64);
        Inputs.add_(matmul(x.t(), x), One);
        Targets.add_(matmul(x.t(), batch.Targets.to(ScalarType.Float64)), One);
        Solve();
        return new TrainingPass(new LossTerms(loss), codes.MoveToOuterDisposeScope(), y.MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        foreach (Parameter parameter in Parameters) parameter.Dispose();
        inputs?.Dispose();
        targets?.Dispose();
    }

    /// <summary>
    /// Solves for the weights about the means, where inputs of very different size and offset do no harm, then for the bias. What is added to
    /// the diagonal is far below what the data says of each input, but gives one solution where they say too little.
    /// </summary>
    private void Solve()
    {
        using DisposeScope scope = NewDisposeScope();
        long width = Options.InputWidth;
        Tensor tokens = Inputs[width, width];
        Tensor means = Inputs[width].narrow(0, 0, width) / tokens, targetMeans = Targets[width] / tokens;
        Tensor squares = Inputs.narrow(0, 0, width).narrow(1, 0, width);
        Tensor covariance = squares - outer(means, means) * tokens;
        Tensor cross = Targets.narrow(0, 0, width) - outer(means, targetMeans) * tokens;
        Tensor added = maximum(covariance.diagonal() * Number(Ridge), squares.diagonal() * Number(Rounding));
        Tensor solution = linalg.solve(covariance.add(diag(added.masked_fill(added == Zero, One)), One), cross);
        weights.Value.copy_(solution.t());
        bias.Value.copy_(targetMeans - matmul(means, solution));
    }

    private Tensor Zeros(long columns) =>
        zeros(Options.InputWidth + 1, columns, dtype: ScalarType.Float64, device: weights.Value.device).DetachFromDisposeScope();
}
