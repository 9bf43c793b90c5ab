using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

/// <summary>y = r(x) + Σ a_n v_n * s(x): what a unit adds is what the output lacks without it.</summary>
public class UnitOutputsTests
{
    [Theory]
    [MemberData(nameof(RandomLayers.SparseTypes), MemberType = typeof(RandomLayers))]
    public void AUnitsOutput_IsWhatTheLayerLacksWithoutIt(string type)
    {
        LayerOptions options = RandomLayers.Options(type, units: 11, k: 4);
        AssertAdds(options);
        if (!LayerTypes.Get(type).IsAutoencoder) return;
        AssertAdds(options with { RescaleByDecoderNorm = true });
        AssertAdds(options with { Normalisation = InputNormalisation.LayerNorm });
        AssertAdds(options with { Normalisation = InputNormalisation.ConstantNormRescale, RescaleByDecoderNorm = true });
    }

    [Fact]
    public void LayersWithoutUnits_HaveNone()
    {
        using ILayer dense = RandomLayers.Create(RandomLayers.Options("dense", 0, 0), 1);
        Assert.Null(dense.OutputsOfUnits(zeros(2, dense.Options.InputWidth)));
    }

    private static void AssertAdds(LayerOptions options)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ILayer layer = RandomLayers.Create(options, seed: 5);
        Tensor x = randn(9, options.InputWidth, generator: new Generator(2, CPU));
        SparseCodes codes = layer.Encode(x);
        UnitOutputs outputs = layer.OutputsOfUnits(x)!;
        bool any = false;
        for (int unit = 0; unit < options.Units; unit++)
        {
            Tensor added = layer.Decode(codes, x) - layer.Decode(codes.Without(unit), x);
            Tensor expected = codes.CoefficientOf(unit).unsqueeze(1) * outputs.Vectors[unit];
            if (outputs.Scale is { } scale) expected = expected * scale;
            Assert.InRange((added - expected).abs().max().ToSingle(), 0, 1e-4f * (1 + added.abs().max().ToSingle()));
            any |= added.abs().max().ToSingle() > 1e-3f;
        }
        Assert.True(any);
    }
}
