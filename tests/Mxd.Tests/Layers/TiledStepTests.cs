using Mxd.Kernels;
using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Mxd.Tests.Layers;

/// <summary>Layers in tiles, as other devices than CPUs compute them, beside the readable definition; on the CPU.</summary>
public class TiledStepTests
{
    private static readonly Tiles tiles = new(Tokens: 5, Units: 7);

    [Theory]
    [InlineData("mxd", "gelu")]
    [InlineData("glu-skip-mxd", "silu")]
    [InlineData("transcoder", "relu")]
    [InlineData("transcoder", "gelu")]
    [InlineData("glu-transcoder", "relu")]
    [InlineData("glu-skip-transcoder", "sigmoid")]
    [InlineData("sae", "gelu-tanh")]
    public void Step_EqualsTheReadableOne_AroundTheEdgesOfTiles(string type, string activation)
    {
        int seed = 0;
        foreach (int batch in new[] { 1, 4, 5, 6, 11 })
            foreach (int units in new[] { 1, 6, 7, 8, 14, 15 })
                foreach (int k in new[] { 1, 6, 7, 8, units }.Where(k => k <= units).Distinct())
                {
                    using DisposeScope scope = NewDisposeScope();
                    using ILayer layer = Create(RandomLayers.Options(type, units, k) with { Activation = activation }, ++seed);
                    AssertEqual(layer, RandomLayers.Rows(batch, 6, seed + 1000), RandomLayers.Rows(batch, layer.Options.OutputWidth, seed + 2000));
                }
    }

    [Theory]
    [InlineData("mxd")]
    [InlineData("transcoder")]
    public void Step_LeavesUnitsThatAreActiveNowhereWithoutAGradient(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = Create(RandomLayers.Options(type, units: 17, k: 4), seed: 1);
        Parameter bias = layer.Parameter(type == "mxd" ? "gate_bias" : "b_enc"), encoder = layer.Parameter(type == "mxd" ? "gate" : "W_enc");
        bias.Value.sub_(100);
        Tensor x = RandomLayers.Rows(12, 6, seed: 2), target = RandomLayers.Rows(12, 5, seed: 3);
        TrainingPass pass = Differentiate(layer, x, target, ComputeWay.Tiled);
        Assert.Equal(0, pass.Codes.ActiveCounts().sum().ToInt64());
        foreach (Parameter parameter in new[] { bias, encoder, layer.UnitDecoder! }) Assert.Equal(0, parameter.Gradient.abs().max().ToSingle());
        AssertEqual(layer, x, target);
    }

    [Theory]
    [InlineData("mxd")]
    [InlineData("transcoder")]
    [InlineData("glu-transcoder")]
    public void Encode_PrefersTheLowerUnit_WhereUnitsAreAlike(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = Create(RandomLayers.Options(type, units: 23, k: 9), seed: 4);
        // Whole numbers, so that all units give the same to the bit.
        foreach (Parameter parameter in layer.Parameters.Where(p => p.Value.shape[0] == 23)) parameter.Value.copy_((parameter.Value[0] * 3).round().expand(parameter.Value.shape));
        Tensor x = (RandomLayers.Rows(8, 6, seed: 5) * 3).round();
        var codes = (TopKCodes)On(ComputeWay.Tiled, () => layer.Encode(x));
        GoldenTensors.AssertClose(arange(9, dtype: ScalarType.Int64).expand(8, 9), codes.Indices, 0, "units");
    }

    [Theory]
    [InlineData("mxd", 2)]
    [InlineData("mxd", 19)]
    [InlineData("glu-transcoder", 2)]
    [InlineData("glu-transcoder", 19)]
    public void Encode_LetsAWeightThatIsNotANumberThrough(string type, int unit)
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = Create(RandomLayers.Options(type, units: 23, k: 3), seed: 6);
        layer.Parameter(type == "mxd" ? "gate" : "W_enc").Value[unit, 1] = -float.NaN;
        Tensor x = RandomLayers.Rows(8, 6, seed: 7), target = RandomLayers.Rows(8, 5, seed: 8);
        TrainingPass pass = Differentiate(layer, x, target, ComputeWay.Tiled);
        Assert.True(double.IsNaN(pass.Loss.Total));
        Assert.Equal(8, ((TopKCodes)pass.Codes).Indices.eq(unit).sum().ToInt64());
        Assert.Equal(8, pass.Codes.Values.isnan().sum().ToInt64());
    }

    [Fact]
    public void EncodeAndDecode_FollowTheFormulasOfFiles()
    {
        LayerOptions sae = RandomLayers.Options("sae", units: 16, k: 5);
        foreach (LayerOptions options in new[]
        {
            sae with { RescaleByDecoderNorm = true },
            sae with { Normalisation = InputNormalisation.LayerNorm },
            sae with { Normalisation = InputNormalisation.ConstantNormRescale, SubtractsInputBias = false },
        })
        {
            using DisposeScope scope = NewDisposeScope();
            using ILayer layer = Create(options, seed: 9);
            if (options.RescaleByDecoderNorm) layer.UnitDecoder!.Value[3] = 0;
            Tensor x = RandomLayers.Rows(13, 6, seed: 10);
            SparseCodes codes = On(ComputeWay.Tiled, () => layer.Encode(x)), expected = On(ComputeWay.Readable, () => layer.Encode(x));
            GoldenTensors.AssertClose(expected.ToDense(), codes.ToDense(), 1e-5, "codes");
            Tensor y = On(ComputeWay.Readable, () => layer.Decode(codes, x));
            GoldenTensors.AssertRelative(y, On(ComputeWay.Tiled, () => layer.Decode(codes, x)), 1e-6, "output");
        }
    }

    [Theory]
    [InlineData("mxd")]
    [InlineData("glu-transcoder")]
    public void Decode_TakesSteeredCodes(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = Create(RandomLayers.Options(type, units: 16, k: 5), seed: 11);
        Tensor x = RandomLayers.Rows(13, 6, seed: 12);
        var steering = new Steering(new Dictionary<long, double> { [2] = 3, [15] = -4 });
        GoldenTensors.AssertRelative(
            On(ComputeWay.Readable, () => steering.Forward(layer, x)), On(ComputeWay.Tiled, () => steering.Forward(layer, x)), 1e-5, "output");
    }

    [Fact]
    public void Encode_StaysDifferentiable_WhereAutogradIsAskedFor()
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = Create(RandomLayers.Options("transcoder", units: 16, k: 5), seed: 13);
        using IDisposable path = ComputePath.Force(ComputeWay.Tiled);
        Tensor x = RandomLayers.Rows(13, 6, seed: 14).requires_grad_(true);
        SparseCodes codes = layer.Encode(x);
        Assert.True(codes.Values.requires_grad);
        Assert.True(layer.Decode(codes, x).requires_grad);
    }

    [Fact]
    public void Layer_OfNoTokens_GivesNoOutput()
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = Create(RandomLayers.Options("mxd", units: 16, k: 5), seed: 15);
        Assert.Equal([0, 5], On(ComputeWay.Tiled, () => layer.Forward(zeros(0, 6))).shape);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Step_NeverActivatesMoreThanATile(bool isTiled)
    {
        using DisposeScope scope = NewDisposeScope();
        LayerOptions options = RandomLayers.Options("glu-transcoder", units: 150, k: 3) with { AuxK = new AuxiliaryLoss { Coefficient = 0.1, K = 2 } };
        using ILayer source = RandomLayers.Create(options, seed: 16);
        var set = new ParameterSet(source.Parameters);
        var measured = new Measured();
        var encoder = new UnitEncoder(set["W_enc"], set["b_enc"], measured, set.Glu(), inputBias: null);
        var layer = new SparseLayer(options, source.Parameters, encoder, new DictionaryDecoder(set["W_dec"], set["b_dec_out"]));
        layer.CutInto(new Tiles(Tokens: 20, Units: 30));
        foreach (Parameter parameter in layer.Parameters) parameter.AllocateGradient();

        using IDisposable path = ComputePath.Force(isTiled ? ComputeWay.Tiled : ComputeWay.Readable);
        Tensor x = RandomLayers.Rows(100, 6, seed: 17);
        layer.Differentiate(new TrainingBatch(x, RandomLayers.Rows(100, 5, seed: 18), ones(150, dtype: ScalarType.Bool)));
        layer.Forward(x);
        Assert.Equal(isTiled ? 20 * 30 : 100 * 150, measured.Largest);
    }

    [Theory]
    [InlineData("mxd", 3, 8)]
    [InlineData("mxd", 16, 16)]
    [InlineData("mxd", 16, 100)]
    [InlineData("glu-transcoder", 16, 100)]
    public void Step_LeavesItsResultsAlive_AndNothingElse(string type, int k, int tileUnits)
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = Create(RandomLayers.Options(type, units: 16, k) with { AuxK = new AuxiliaryLoss { Coefficient = 0.1 } }, seed: 20);
        ((SparseLayer)layer).CutInto(new Tiles(Tokens: 100, tileUnits));
        Tensor x = RandomLayers.Rows(9, 6, seed: 21), target = RandomLayers.Rows(9, 5, seed: 22);
        var batch = new TrainingBatch(x, target, ones(16, dtype: ScalarType.Bool));
        using IDisposable path = ComputePath.Force(ComputeWay.Tiled);
        layer.Differentiate(batch);
        Assert.Equal(3, LiveTensors.LeftBy(() => layer.Differentiate(batch)));
        Assert.Equal(2, LiveTensors.LeftBy(() => layer.Encode(x)));
    }

    [Fact]
    public void Accumulate_AddsTheSameOnEveryDevice()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor index = tensor(new long[] { 3, 0, 3, 3, 1, 0 }), values = RandomLayers.Rows(6, 4, seed: 19);
        Tensor expected = zeros(5, 4);
        for (int i = 0; i < 6; i++) expected[index[i].ToInt64()].add_(values[i]);
        foreach (bool isCpu in new[] { true, false })
        {
            Tensor matrix = zeros(5, 4), vector = zeros(5);
            ChosenRows.Accumulate(matrix, index, values, isCpu);
            ChosenRows.Accumulate(vector, index, values.select(1, 2), isCpu);
            GoldenTensors.AssertClose(expected, matrix, 1e-6, "rows");
            GoldenTensors.AssertClose(expected.select(1, 2), vector, 1e-6, "numbers");
        }
    }

    private static ILayer Create(LayerOptions options, int seed)
    {
        ILayer layer = RandomLayers.Create(options, seed);
        ((SparseLayer)layer).CutInto(tiles);
        foreach (Parameter parameter in layer.Parameters) parameter.AllocateGradient();
        return layer;
    }

    private static void AssertEqual(ILayer layer, Tensor x, Tensor target)
    {
        TrainingPass expected = Differentiate(layer, x, target, ComputeWay.Readable);
        Tensor[] gradients = [.. layer.Parameters.Select(p => p.Gradient.clone())];
        TrainingPass pass = Differentiate(layer, x, target, ComputeWay.Tiled);
        string what = $"B = {x.shape[0]}, {layer.Options}";
        GoldenTensors.AssertClose(expected.Codes.ToDense(), pass.Codes.ToDense(), 1e-5, $"codes, {what}");
        GoldenTensors.AssertClose(expected.Output, pass.Output, 1e-5 * Math.Max(1, expected.Output.abs().max().ToDouble()), $"output, {what}");
        Tensor units = ((TopKCodes)pass.Codes).Indices;
        GoldenTensors.AssertClose(units.sort(1).Values, units, 0, $"order, {what}");
        GoldenTensors.AssertClose(pass.Codes.ToDense(), On(ComputeWay.Tiled, () => layer.Encode(x)).ToDense(), 0, $"encoded, {what}");
        for (int i = 0; i < gradients.Length; i++)
        {
            double size = gradients[i].norm().ToDouble(), difference = (gradients[i] - layer.Parameters[i].Gradient).norm().ToDouble();
            Assert.True(difference <= 1e-4 * size + 1e-7, $"{layer.Parameters[i].Key}: difference {difference:g3}, size {size:g3}, {what}");
        }
    }

    private static TrainingPass Differentiate(ILayer layer, Tensor x, Tensor target, ComputeWay way) =>
        On(way, () => layer.Differentiate(new TrainingBatch(x, target)));

    private static T On<T>(ComputeWay way, Func<T> work)
    {
        using IDisposable path = ComputePath.Force(way);
        return work();
    }

    /// <summary>Relu that remembers the largest tensor it was given.</summary>
    private sealed class Measured : ActivationFunction
    {
        public long Largest { get; private set; }

        public override string Name => "measured";

        public override Tensor Apply(Tensor u)
        {
            Largest = Math.Max(Largest, u.numel());
            return F.relu(u);
        }

        public override Tensor Derivative(Tensor u)
        {
            Largest = Math.Max(Largest, u.numel());
            return (u > 0).to(u.dtype);
        }
    }
}
