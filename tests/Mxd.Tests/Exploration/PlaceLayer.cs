using Mxd.Layers;
using Mxd.Tests.Layers;
using static TorchSharp.torch;

namespace Mxd.Tests.Exploration;

/// <summary>A layer for the counting model, whose coefficients are a known function of context and position.</summary>
internal sealed class PlaceLayer(int units, Func<int, int, int, float> coefficient, bool isDense = false) : ILayer
{
    private readonly Parameter place = new("place", zeros(1));

    public LayerOptions Options { get; } = RandomLayers.Options("transcoder", units, units) with { InputWidth = 4, OutputWidth = 4 };

    public IReadOnlyList<Parameter> Parameters => [place];

    public Parameter? UnitDecoder => null;

    public SparseCodes Encode(Tensor x)
    {
        float[] rows = x.data<float>().ToArray();
        int count = (int)x.shape[0];
        Tensor values = tensor(
            [.. Enumerable.Range(0, count * units).Select(i => coefficient((int)rows[i / units * 4], (int)rows[i / units * 4 + 1], i % units))], count, units);
        return isDense ? new DenseCodes(values) : new TopKCodes(arange(units, dtype: ScalarType.Int64).expand(count, units), values, units);
    }

    public Tensor Decode(SparseCodes codes, Tensor x) => throw new NotSupportedException("Looking at units decodes nothing.");

    public void Dispose() => place.Dispose();
}
