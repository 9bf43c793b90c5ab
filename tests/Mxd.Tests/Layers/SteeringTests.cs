using Mxd.Layers;
using Mxd.Runtime;

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
}
