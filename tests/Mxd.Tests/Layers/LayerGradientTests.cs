using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

/// <summary>The gradients written out by hand against autograd on the readable definition.</summary>
public class LayerGradientTests
{
    public static TheoryData<string, string> TypesAndActivations => RandomLayers.TypesAndActivations;

    [Theory]
    [MemberData(nameof(TypesAndActivations))]
    public void Differentiate_EqualsAutograd_AtRandomSizes(string type, string activation)
    {
        var random = new Random(StableSeed(type + activation));
        for (int round = 0; round < 12; round++)
        {
            using DisposeScope scope = NewDisposeScope();
            LayerOptions options = RandomLayers.Options(type, activation, random);
            using ILayer layer = RandomLayers.Create(options, random.Next());
            int batch = random.Next(1, 20);
            Tensor target = RandomLayers.Rows(batch, options.OutputWidth, random.Next());
            if (round % 3 == 0) target[random.Next(batch)] = 0;
            AssertEqual(layer, RandomLayers.Rows(batch, options.InputWidth, random.Next()), target);
        }
    }

    [Theory]
    [InlineData("mxd")]
    [InlineData("transcoder")]
    public void Differentiate_EqualsAutograd_WhereFewerThanKUnitsArePositive(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = RandomLayers.Create(RandomLayers.Options(type, units: 12, k: 9) with { Activation = "relu" }, seed: 3);
        layer.Parameter(type == "mxd" ? "gate_bias" : "b_enc").Value.sub_(2);
        Tensor x = RandomLayers.Rows(16, 6, seed: 4);
        Tensor counts = layer.Encode(x).ActiveCounts();
        Assert.True(counts.min().ToInt64() < 9 && counts.max().ToInt64() > 0, "The case is not what its name says.");
        AssertEqual(layer, x, RandomLayers.Rows(16, 5, seed: 5));
    }

    [Theory]
    [InlineData("mxd")]
    [InlineData("transcoder")]
    public void Differentiate_GivesZeroLossAndGradients_WhereEveryTargetIsZero(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = RandomLayers.Create(RandomLayers.Options(type, units: 8, k: 3), seed: 6);
        foreach (Parameter parameter in layer.Parameters) parameter.AllocateGradient();
        TrainingPass pass = layer.Differentiate(RandomLayers.Rows(4, 6, seed: 7), zeros(4, 5));
        Assert.Equal(0, pass.Loss.Total);
        foreach (Parameter parameter in layer.Parameters) Assert.Equal(0, parameter.Gradient.abs().max().ToSingle());
    }

    [Theory]
    [InlineData("mxd")]
    [InlineData("transcoder")]
    public void Differentiate_ReturnsTheForwardPass_AndOverwritesGradients(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = RandomLayers.Create(RandomLayers.Options(type, units: 8, k: 3), seed: 8);
        foreach (Parameter parameter in layer.Parameters) parameter.AllocateGradient();
        Tensor x = RandomLayers.Rows(10, 6, seed: 9), target = RandomLayers.Rows(10, 5, seed: 10);
        TrainingPass pass = layer.Differentiate(x, target);
        Tensor[] first = [.. layer.Parameters.Select(p => p.Gradient.clone())];
        layer.Differentiate(x, target);

        GoldenTensors.AssertClose(layer.Forward(x), pass.Output, 1e-6, "output");
        GoldenTensors.AssertClose(layer.Encode(x).ToDense(), pass.Codes.ToDense(), 0, "codes");
        for (int i = 0; i < first.Length; i++) GoldenTensors.AssertClose(first[i], layer.Parameters[i].Gradient, 0, layer.Parameters[i].Key);
    }

    private static void AssertEqual(ILayer layer, Tensor x, Tensor target)
    {
        foreach (Parameter parameter in layer.Parameters) parameter.Value.requires_grad_(true);
        Tensor loss = Loss(layer.Forward(x), target);
        loss.backward();
        Tensor[] expected = [.. layer.Parameters.Select(p => p.Value.grad is { } g ? g.clone() : zeros_like(p.Value))];
        foreach (Parameter parameter in layer.Parameters)
        {
            parameter.Value.requires_grad_(false);
            parameter.AllocateGradient();
        }
        TrainingPass pass = layer.Differentiate(x, target);
        Assert.Equal(loss.ToDouble(), pass.Loss.NormScaledMse, 1e-5 * Math.Abs(loss.ToDouble()) + 1e-9);
        for (int i = 0; i < expected.Length; i++) AssertClose(expected[i], layer.Parameters[i].Gradient, $"{layer.Parameters[i].Key} of {layer.Options}");
    }

    /// <summary>Mean over the tokens whose target is not zero, and over outputs, of (y - t)² / ‖t‖₂.</summary>
    private static Tensor Loss(Tensor y, Tensor target)
    {
        Tensor norms = target.square().sum(1).sqrt();
        Tensor kept = norms.nonzero().squeeze(1);
        if (kept.shape[0] == 0) return (y * 0).sum();
        Tensor errors = (y - target).square().index_select(0, kept) / norms.index_select(0, kept).unsqueeze(1);
        return errors.mean();
    }

    private static void AssertClose(Tensor expected, Tensor actual, string what)
    {
        double difference = (expected - actual).norm().ToDouble(), size = expected.norm().ToDouble();
        Assert.True(difference <= 1e-4 * size + 1e-7, $"{what}: difference {difference:g3}, size {size:g3}");
    }

    private static int StableSeed(string text) => text.Aggregate(17, (seed, c) => seed * 31 + c);
}
