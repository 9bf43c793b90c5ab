using Mxd.Layers;
using static TorchSharp.torch;

namespace Mxd.Benchmarks;

/// <summary>A layer trained by torch's own differentiation of its readable definition, not by the gradients written out.</summary>
internal sealed class ReadableLayer(ILayer layer) : ILayer
{
    public LayerOptions Options => layer.Options;

    public IReadOnlyList<Parameter> Parameters => layer.Parameters;

    public Parameter? UnitDecoder => layer.UnitDecoder;

    public SparseCodes Encode(Tensor x) => layer.Encode(x);

    public Tensor Decode(SparseCodes codes, Tensor x) => layer.Decode(codes, x);

    public ReadablePass Losses(TrainingBatch batch) => layer.Losses(batch);

    public void Dispose()
    {
    }
}
