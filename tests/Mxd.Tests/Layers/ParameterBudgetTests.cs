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
    public void Match_OfGpt2_Are21504Experts()
    {
        LayerOptions options = Mixture(768, ParameterBudget.DefaultHidden(768));
        Assert.Equal(21504, ParameterBudget.Match(options, 32).Units);
    }

    [Theory]
    [MemberData(nameof(Published))]
    public void Match_FollowTheFormula_AndStayWithinTheBudget(long width, long multiplier, long hidden)
    {
        long latents = width * multiplier;
        long budget = 2 * width * latents + latents + width;
        long fixedPart = hidden * 2 * width + hidden + width, each = 2 * width + 1;
        LayerOptions options = Mixture(width, hidden);
        long units = ParameterBudget.Match(options, multiplier).Units;

        Assert.Equal((budget - fixedPart) / each, units);
        long count = Mixtures.Plain.ParameterCount(options with { Units = units });
        Assert.Equal(fixedPart + units * each, count);
        Assert.InRange(budget - count, 0, each - 1);
    }

    [Fact]
    public void Match_OfATranscoder_AreItsOwn() =>
        Assert.Equal(768 * 32, ParameterBudget.Match(RandomLayers.Options("transcoder", 1, 1) with { InputWidth = 768, OutputWidth = 768 }, 32).Units);

    [Fact]
    public void Match_AreBelowOne_WhereTheHiddenPartAloneIsLarger() =>
        Assert.True(ParameterBudget.Match(Mixture(64, 100_000), 2).Units < 1);

    [Theory]
    [InlineData("glu-mxd")]
    [InlineData("skip-mxd")]
    [InlineData("glu-transcoder")]
    [InlineData("skip-transcoder")]
    [InlineData("sae")]
    [InlineData("dense")]
    public void Match_ComesNearestToTheBudgetFromBelow(string type)
    {
        LayerOptions options = RandomLayers.Options(type, 1, 1) with { InputWidth = 96, OutputWidth = 96 };
        LayerOptions matched = ParameterBudget.Match(options, 16);
        LayerOptions larger = type == "dense" ? matched with { Hidden = matched.Hidden + 1 } : matched with { Units = matched.Units + 1 };
        long budget = ParameterBudget.Of(96, 96, 16);
        Assert.True(LayerTypes.Get(type).ParameterCount(matched) <= budget && LayerTypes.Get(type).ParameterCount(larger) > budget);
    }

    [Fact]
    public void Match_LeavesALinearMapAsItIs()
    {
        LayerOptions options = RandomLayers.Options("linear", 1, 1);
        Assert.Equal(options, ParameterBudget.Match(options, 32));
    }

    [Fact]
    public void ParameterCount_IsThatOfTheTensors_AndTheFormulas()
    {
        var random = new Random(5);
        foreach (string type in RandomLayers.Names)
            for (int round = 0; round < 20; round++)
            {
                using DisposeScope scope = NewDisposeScope();
                LayerOptions o = RandomLayers.Options(type, "relu", random);
                using ILayer layer = LayerTypes.Get(type).Initialise(o, seed: round, CPU);
                (long i, long w, long h, long n) = (o.InputWidth, o.OutputWidth, o.Hidden ?? 0, o.Units);
                long mixture = h * (i + w) + h + w + n * (i + w + 1), dictionary = n * (i + w) + n + w;
                long expected = type switch
                {
                    "mxd" => mixture,
                    "glu-mxd" => mixture + i * h + h,
                    "skip-mxd" => mixture + i * w,
                    "glu-skip-mxd" => mixture + i * h + h + i * w,
                    "transcoder" or "sae" => dictionary,
                    "glu-transcoder" => dictionary + i * n + n,
                    "skip-transcoder" => dictionary + i * w,
                    "glu-skip-transcoder" => dictionary + i * n + n + i * w,
                    "dense" => h * (i + w) + h + w,
                    "linear" => i * w + w,
                    _ => throw new NotSupportedException(type),
                };
                Assert.Equal(expected, layer.ParameterCount());
                Assert.Equal(expected, LayerTypes.Get(type).ParameterCount(o));
            }
    }

    private static LayerOptions Mixture(long width, long hidden) =>
        RandomLayers.Options("mxd", 1, 1) with { InputWidth = width, OutputWidth = width, Hidden = hidden };
}
