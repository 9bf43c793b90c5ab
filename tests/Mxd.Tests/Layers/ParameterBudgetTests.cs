using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

public class ParameterBudgetTests
{
    public static TheoryData<long, long, long> Published => new()
    {
        // Width and multiplier of the published runs, hidden width 4 times the input's.
        { 768, 8, 3072 }, { 768, 16, 3072 }, { 768, 32, 3072 }, { 768, 64, 3072 }, { 1024, 32, 4096 }, { 2048, 32, 8192 }, { 3072, 32, 8202 },
    };

    [Fact]
    public void MatchedUnits_OfGpt2_Are21504Experts()
    {
        LayerOptions options = Mixture(768, ParameterBudget.DefaultHidden(768));
        Assert.Equal(21504, ParameterBudget.MatchedUnits(options, 32));
    }

    [Theory]
    [MemberData(nameof(Published))]
    public void MatchedUnits_FollowTheFormula_AndStayWithinTheBudget(long width, long multiplier, long hidden)
    {
        long latents = width * multiplier;
        long budget = 2 * width * latents + latents + width;
        long fixedPart = hidden * 2 * width + hidden + width, each = 2 * width + 1;
        LayerOptions options = Mixture(width, hidden);
        long units = ParameterBudget.MatchedUnits(options, multiplier);

        Assert.Equal((budget - fixedPart) / each, units);
        long count = MxdLayer.Kind.ParameterCount(options with { Units = units });
        Assert.Equal(fixedPart + units * each, count);
        Assert.InRange(budget - count, 0, each - 1);
    }

    [Fact]
    public void MatchedUnits_OfATranscoder_AreItsOwn() =>
        Assert.Equal(768 * 32, ParameterBudget.MatchedUnits(RandomLayers.Options("transcoder", 1, 1) with { InputWidth = 768, OutputWidth = 768 }, 32));

    [Fact]
    public void MatchedUnits_AreBelowOne_WhereTheHiddenPartAloneIsLarger() =>
        Assert.True(ParameterBudget.MatchedUnits(Mixture(64, 100_000), 2) < 1);

    [Fact]
    public void ParameterCount_IsThatOfTheTensors_AndTheFormulas()
    {
        var random = new Random(5);
        foreach (string type in LayerTypes.Names)
            for (int round = 0; round < 20; round++)
            {
                using DisposeScope scope = NewDisposeScope();
                LayerOptions o = RandomLayers.Options(type, "relu", random);
                using ILayer layer = LayerTypes.Get(type).Initialise(o, seed: round, CPU);
                long expected = o.Hidden is { } h
                    ? h * (o.InputWidth + o.OutputWidth) + h + o.OutputWidth + o.Units * (o.InputWidth + o.OutputWidth + 1)
                    : o.Units * (o.InputWidth + o.OutputWidth) + o.Units + o.OutputWidth;
                Assert.Equal(expected, layer.ParameterCount());
                Assert.Equal(expected, LayerTypes.Get(type).ParameterCount(o));
            }
    }

    private static LayerOptions Mixture(long width, long hidden) =>
        RandomLayers.Options("mxd", 1, 1) with { InputWidth = width, OutputWidth = width, Hidden = hidden };
}
