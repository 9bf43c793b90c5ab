using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// The control without experts: an ordinary MLP trained in the same way, y = z D + b with z = act(x Eᵀ + e) [B,H]. A mixture contains it (all
/// c_n equal), so what experts bring is a mixture's distance to it.
/// </summary>
internal sealed class DenseLayer : ILayer
{
    public static LayerType Kind { get; } = new()
    {
        Name = "dense",
        Title = "Dense MLP",
        DefaultActivation = "gelu",
        HasHidden = true,
        HasUnits = false,
        Specs = options => [.. HiddenBranch.Specs(options, glu: false), new("b_dec_out", [options.OutputWidth], new Initial.Zeros())],
        Create = (options, parameters) => new DenseLayer(options, parameters),
    };

    private readonly HiddenBranch hidden;
    private readonly Parameter outputBias;

    private DenseLayer(LayerOptions options, IReadOnlyList<Parameter> parameters)
    {
        Options = options;
        Parameters = parameters;
        var set = new ParameterSet(parameters);
        hidden = HiddenBranch.Create(options, set);
        outputBias = set["b_dec_out"];
    }

    public LayerOptions Options { get; }

    public IReadOnlyList<Parameter> Parameters { get; }

    public Parameter? UnitDecoder => null;

    public SparseCodes Encode(Tensor x) => DenseCodes.None(x);

    public Tensor Decode(SparseCodes codes, Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        return hidden.Forward(x).Shared.add(outputBias.Value, One).MoveToOuterDisposeScope();
    }

    public TrainingPass Differentiate(TrainingBatch batch)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        HiddenBranch.Pass pass = hidden.Forward(batch.Inputs);
        Tensor y = pass.Shared.add(outputBias.Value, One);
        NormScaledMse.Result loss = NormScaledMse.Differentiate(y, batch.Targets);
        outputBias.SetGradient(loss.OutputGradient.sum(dim: 0));
        hidden.Backward(pass, batch.Inputs, loss.OutputGradient);
        SparseCodes codes = Encode(batch.Inputs);
        return new TrainingPass(new LossTerms(loss.Loss.ToDouble()), codes.MoveToOuterDisposeScope(), y.MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        foreach (Parameter parameter in Parameters) parameter.Dispose();
    }
}
