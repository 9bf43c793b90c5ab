using Mxd.Layers;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

public class LayerOptionsTests
{
    public static TheoryData<string> Types => RandomLayers.Types;

    public static TheoryData<string> SparseTypes => RandomLayers.SparseTypes;

    [Theory]
    [MemberData(nameof(Types))]
    public void Problems_AreNone_ForOptionsThatCanBeBuilt(string type)
    {
        var random = new Random(1);
        for (int round = 0; round < 30; round++) Assert.Empty(RandomLayers.Options(type, "relu", random).Problems());
    }

    [Fact]
    public void Problems_AreListedAllAtOnce()
    {
        var options = new LayerOptions { Type = "moe", InputWidth = 0, OutputWidth = -1, Units = 0, Sparsity = new Sparsity.TopK(0), Activation = "swish" };
        string[] problems = [.. options.Problems()];
        Assert.Equal(6, problems.Length);
        foreach (string value in new[] { "'moe'", "input width is 0", "output width is -1", "number of units is 0", "K is 0", "'swish'" })
            Assert.Single(problems, p => p.Contains(value, StringComparison.Ordinal));
        Assert.All(problems, p => Assert.DoesNotContain(p, char.IsControl));
    }

    [Fact]
    public void Problems_NameAKAboveTheUnits() => Assert.Equal(
        "K is 9, more than the 8 units there are: give a K from 1 to 8.", Assert.Single(RandomLayers.Options("mxd", units: 8, k: 9).Problems()));

    [Fact]
    public void Problems_NameAHiddenWidthThatIsMissingOrTooMany()
    {
        Assert.Contains("absent", Assert.Single((RandomLayers.Options("mxd", 8, 3) with { Hidden = null }).Problems()), StringComparison.Ordinal);
        Assert.Contains("no hidden layer", Assert.Single((RandomLayers.Options("transcoder", 8, 3) with { Hidden = 4 }).Problems()), StringComparison.Ordinal);
    }

    [Fact]
    public void Initialise_RefusesOptionsThatBreakARule() =>
        Assert.Throws<MxdInputException>(() => Mixtures.Plain.Initialise(RandomLayers.Options("mxd", units: 8, k: 9), 0, CPU));

    [Theory]
    [MemberData(nameof(SparseTypes))]
    public void Initialise_DrawsTheSameFromOneSeed_AndUnitRowsOfNormOne(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        LayerOptions options = RandomLayers.Options(type, units: 30, k: 3);
        using ILayer layer = LayerTypes.Get(type).Initialise(options, 7, CPU), same = LayerTypes.Get(type).Initialise(options, 7, CPU);
        using ILayer other = LayerTypes.Get(type).Initialise(options, 8, CPU);
        foreach (Parameter parameter in layer.Parameters)
            GoldenTensors.AssertClose(parameter.Value, same.Parameter(parameter.Key).Value, 0, parameter.Key);
        Assert.True((layer.UnitDecoder!.Value - other.UnitDecoder!.Value).abs().max().ToSingle() > 0.01);
        GoldenTensors.AssertClose(ones(30), linalg.vector_norm(layer.UnitDecoder!.Value, 2, [1]), 1e-6, "norms");
    }

    [Fact]
    public void Initialise_StartsAMixtureFromItsOutputBias_AndDrawsUniformlyByFanIn()
    {
        using DisposeScope scope = NewDisposeScope();
        LayerOptions options = RandomLayers.Options("mxd", units: 400, k: 3) with { UnitNorm = false, InputWidth = 16 };
        using ILayer layer = Mixtures.Plain.Initialise(options, 1, CPU);
        Assert.Equal(0, layer.Forward(RandomLayers.Rows(5, 16, seed: 1)).abs().max().ToSingle());
        Uniform("W_cond", 1 / Math.Sqrt(400));
        Uniform("gate", 1 / Math.Sqrt(16));
        Uniform("W_enc", 1 / Math.Sqrt(16));

        void Uniform(string key, double bound)
        {
            Tensor value = layer.Parameter(key).Value;
            double largest = value.abs().max().ToDouble();
            Assert.InRange(largest, 0.9 * bound, bound);
            Assert.Equal(bound / Math.Sqrt(3), value.std().ToDouble(), 0.15 * bound);
        }
    }

    [Fact]
    public void FromStored_CopiesWeights()
    {
        using DisposeScope scope = NewDisposeScope();
        LayerOptions options = RandomLayers.Options("transcoder", 8, 3);
        Dictionary<string, Tensor> stored = Dictionaries.Transcoder.Specs(options).ToDictionary(s => s.Key, s => ones(s.StoredShape));
        using ILayer layer = Dictionaries.Transcoder.FromStored(options, key => stored[key], CPU);
        foreach (Tensor tensor in stored.Values) tensor.zero_();
        Assert.All(layer.Parameters, p => Assert.Equal(1, p.Value.min().ToSingle()));
    }

    [Fact]
    public void FromStored_SaysWhichShapeDoesNotFit()
    {
        using DisposeScope scope = NewDisposeScope();
        LayerOptions options = RandomLayers.Options("mxd", 8, 3);
        Dictionary<string, Tensor> stored = Mixtures.Plain.Specs(options).ToDictionary(s => s.Key, s => ones(s.StoredShape));
        stored["W_cond"] = ones(8, 5);
        Assert.Equal(
            "W_cond is [8, 5], but the layer's options need [5, 8]: use the options it was saved with.",
            Assert.Throws<MxdInputException>(() => Mixtures.Plain.FromStored(options, key => stored[key], CPU)).Message);
    }
}
