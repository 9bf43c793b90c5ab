using System.Runtime.CompilerServices;
using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Mxd.Tests.Layers;

/// <summary>
/// A kind of layer that the library knows nothing of, written as a user would write one: its equations, and no gradients.
/// <code>
/// a = TopK_K(relu(x W))      y = (a V)³ + b      W [I,N], V [N,O]
/// </code>
/// </summary>
internal sealed class ToyLayer(LayerOptions options, IReadOnlyList<Parameter> parameters) : ILayer
{
    public const string Name = "toy-cube";

    public LayerOptions Options => options;

    public IReadOnlyList<Parameter> Parameters => parameters;

    public Parameter? UnitDecoder => parameters[1];

    public SparseCodes Encode(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor p = matmul(x, parameters[0].Value.t());
        return Kept(options.Sparsity!.Select(p, F.relu(p), null));
    }

    public Tensor Decode(SparseCodes codes, Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        return (matmul(codes.ToDense(), parameters[1].Value).pow(3) + parameters[2].Value).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (Parameter parameter in parameters) parameter.Dispose();
    }

    [ModuleInitializer]
    internal static void Register() => LayerTypes.Register(new LayerType
    {
        Name = Name,
        Title = "Cube",
        DefaultActivation = "relu",
        Specs = o =>
        [
            new("W", [o.Units, o.InputWidth], new Initial.Linear(o.InputWidth), StoredTransposed: true) { Role = ParameterRole.UnitEncoder },
            new("V", [o.Units, o.OutputWidth], new Initial.UnitRows()) { Role = ParameterRole.UnitDecoder },
            new("b", [o.OutputWidth], new Initial.Zeros()),
        ],
        Create = (o, parameters) => new ToyLayer(o, parameters),
    });

    private static SparseCodes Kept(SparseCodes codes)
    {
        codes.Values.MoveToOuterDisposeScope();
        (codes as TopKCodes)?.Indices.MoveToOuterDisposeScope();
        return codes;
    }
}
