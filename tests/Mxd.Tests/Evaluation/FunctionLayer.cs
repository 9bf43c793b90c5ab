using Mxd.Layers;
using Mxd.Tests.Layers;
using static TorchSharp.torch;

namespace Mxd.Tests.Evaluation;

/// <summary>A layer that computes whatever function it is given; its codes are one active unit of two.</summary>
internal sealed class FunctionLayer(Func<Tensor, Tensor> function) : ILayer
{
    public LayerOptions Options { get; } = RandomLayers.Options("transcoder", units: 2, k: 1) with { InputWidth = 12, OutputWidth = 12 };

    public IReadOnlyList<Parameter> Parameters => [];

    public Parameter? UnitDecoder => null;

    public SparseCodes Encode(Tensor x) => new TopKCodes(zeros(x.shape[0], 1, dtype: ScalarType.Int64), ones(x.shape[0], 1), 2);

    public Tensor Decode(SparseCodes codes, Tensor x) => function(x);

    public void Dispose()
    {
    }
}
