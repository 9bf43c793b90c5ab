using Mxd.Activations;
using Mxd.Kernels;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Metrics;
using Mxd.Tests.Layers;
using Mxd.Training;
using static TorchSharp.torch;

namespace Mxd.Tests.Training;

public sealed class ValidationSetTests
{
    private const long Rows = 700;

    private static readonly HookPoint input = HookPoint.MlpInput(0), output = HookPoint.MlpOutput(0);

    [Fact]
    public void Measure_TakesSlicesThatBoundWhatIsHeld_AndMissesNoRow()
    {
        using IDisposable dense = ComputePath.Force(ComputeWay.Readable);
        // Of 20,000 units 64 MB hold about 400 tokens.
        using var layer = new CountedRows(RandomLayers.Create(RandomLayers.Options("transcoder", units: 20_000, k: 3), 1));
        using ValidationSet rows = Random(layer.Options);

        Reconstruction measured = rows.Measure(layer, input, output);

        Assert.Equal(Rows, measured.Tokens);
        Assert.Equal(Rows, layer.Seen.Sum());
        Assert.InRange(layer.Seen.Max(), 256, 420);
    }

    [Theory]
    [InlineData("mxd")]
    [InlineData("transcoder")]
    [InlineData("dense")]
    public void Measure_GivesWhatAllRowsAtOnceGive(string type)
    {
        using ILayer layer = RandomLayers.Create(LayerTypes.Get(type).HasUnits ? RandomLayers.Options(type, units: 20_000, k: 3) : RandomLayers.Options(type, 0, 0), 1);
        using ValidationSet rows = Random(layer.Options);
        using ReconstructionMeter meter = new(layer.Options.Units, CPU);
        using (Tensor x = RandomLayers.Rows(Rows, layer.Options.InputWidth, 2), t = RandomLayers.Rows(Rows, layer.Options.OutputWidth, 3))
        {
            SparseCodes codes = layer.Encode(x);
            meter.Add(layer.Decode(codes, x), t, codes);
        }

        Reconstruction whole = meter.Result(), sliced = rows.Measure(layer, input, output);

        Assert.Equal(whole.Fvu, sliced.Fvu, 1e-6 * whole.Fvu);
        Assert.Equal(whole.NormScaledMse, sliced.NormScaledMse, 1e-6 * whole.NormScaledMse);
        Assert.Equal(whole.L0, sliced.L0, 1e-9);
        Assert.Equal(whole.DeadFraction, sliced.DeadFraction, 1e-9);
    }

    private static ValidationSet Random(LayerOptions options) =>
        new(new ActivationRows([input, output], [RandomLayers.Rows(Rows, options.InputWidth, 2), RandomLayers.Rows(Rows, options.OutputWidth, 3)]));

    /// <summary>A layer that notes how many rows it is asked about at a time.</summary>
    private sealed class CountedRows(ILayer layer) : ILayer
    {
        public List<long> Seen { get; } = [];

        public LayerOptions Options => layer.Options;

        public IReadOnlyList<Parameter> Parameters => layer.Parameters;

        public Parameter? UnitDecoder => layer.UnitDecoder;

        public SparseCodes Encode(Tensor x)
        {
            Seen.Add(x.shape[0]);
            return layer.Encode(x);
        }

        public Tensor Decode(SparseCodes codes, Tensor x) => layer.Decode(codes, x);

        public void Dispose() => layer.Dispose();
    }
}
