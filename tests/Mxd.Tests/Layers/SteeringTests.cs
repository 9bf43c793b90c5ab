using Mxd.Layers;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

public class SteeringTests
{
    [Fact]
    public void Parse_SumsWhatOneUnitIsGiven()
    {
        Steering steering = Steering.Parse(["7=100", "3=-2.5", "7=1e1"]);
        Assert.Equal(new Dictionary<long, double> { [7] = 110, [3] = -2.5 }, steering.Coefficients);
    }

    [Theory]
    [InlineData("7")]
    [InlineData("=1")]
    [InlineData("7=")]
    [InlineData("-1=3")]
    [InlineData("7=1=2")]
    [InlineData("seven=1")]
    [InlineData("7=NaN")]
    [InlineData("7=1e308")]
    [InlineData("7=1,5")]
    public void Parse_RefusesAnythingElse_AndSaysTheForm(string text) => Assert.Equal(
        $"--steer is '{text}'; it must be UNIT=COEFFICIENT, for example 7=100.",
        Assert.Throws<MxdInputException>(() => Steering.Parse([text])).Message);

    [Fact]
    public void Parse_RefusesASumThatNoFloatHolds() =>
        Assert.Contains("unit 7 in all", Assert.Throws<MxdInputException>(() => Steering.Parse(["7=3e38", "7=3e38"])).Message, StringComparison.Ordinal);

    [Fact]
    public void Check_KnowsTheUnitsThereAre()
    {
        LayerOptions layer = new() { Type = "transcoder", InputWidth = 4, OutputWidth = 4, Units = 8, Sparsity = new Sparsity.TopK(2) };
        Steering.Parse(["7=1"]).Check(layer);
        Assert.Equal(
            "--steer names unit 8, but the layer has 8: choose one from 0 to 7.",
            Assert.Throws<MxdInputException>(() => Steering.Parse(["8=1"]).Check(layer)).Message);
    }

    /// <summary>However many units are steered, each is added to what it was.</summary>
    [Theory]
    [InlineData("mxd")]
    [InlineData("skip-transcoder")]
    public void ManyUnitsAtOnce_AreAsOneAfterAnother(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ILayer layer = RandomLayers.Create(RandomLayers.Options(type, units: 16, k: 3), seed: 4);
        Tensor x = randn(7, layer.Options.InputWidth, generator: new Generator(1, CPU));
        var steering = new Steering(Enumerable.Range(0, 16).Where(unit => unit != 5).ToDictionary(unit => (long)unit, unit => unit - 6.5));
        SparseCodes codes = layer.Encode(x);
        foreach ((long unit, double coefficient) in steering.Coefficients) codes = codes.Add(unit, coefficient);
        GoldenTensors.AssertRelative(layer.Decode(codes, x), steering.Forward(layer, x), 1e-5, type);
    }
}
