using Mxd.Kernels;
using Mxd.Layers;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

/// <summary>Training by kernels beside training by the readable path, at sizes beyond one tile of the gate.</summary>
public class FastStepTests
{
    public static TheoryData<string> SparseTypes => RandomLayers.SparseTypes;

    [Theory]
    [MemberData(nameof(SparseTypes))]
    public void Training_GivesTheSameWeightsOnBothPaths(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] fast = Train(type, kernels: true), readable = Train(type, kernels: false);
        for (int i = 0; i < fast.Length; i++) GoldenTensors.AssertRelative(readable[i], fast[i], 1e-4, $"parameter {i}");
    }

    [Theory]
    [InlineData("mxd")]
    [InlineData("sae")]
    public void Training_GivesTheSameBitsAgain(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] first = Train(type, kernels: true), second = Train(type, kernels: true);
        for (int i = 0; i < first.Length; i++) GoldenTensors.AssertClose(first[i], second[i], 0, $"parameter {i}");
    }

    [Theory]
    [InlineData("mxd", true)]
    [InlineData("mxd", false)]
    [InlineData("transcoder", true)]
    [InlineData("transcoder", false)]
    public void Step_RefusesInputsThatAreNotNumbers_AndLeavesTheWeights(string type, bool kernels)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable path = ComputePath.Force(kernels);
        using ILayer layer = RandomLayers.Create(RandomLayers.Options(type, units: 30, k: 3) with { UnitNorm = false }, seed: 1);
        using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", 1e-2, 0, 10));
        Tensor[] before = [.. layer.Parameters.Select(p => p.Value.clone())];
        Tensor x = RandomLayers.Rows(12, layer.Options.InputWidth, seed: 2), target = RandomLayers.Rows(12, layer.Options.OutputWidth, seed: 3);
        x[7, 1] = float.NaN;
        Assert.Throws<NotFiniteNumberException>(() => trainer.Step(x, target));
        Assert.Equal(0, trainer.Optimizer.Steps);
        for (int i = 0; i < before.Length; i++) GoldenTensors.AssertClose(before[i], layer.Parameters[i].Value, 0, layer.Parameters[i].Key);
    }

    [Fact]
    public void Gradient_CannotBeRead_OnceItsRowsHaveMoved()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable path = ComputePath.Force(kernels: true);
        using ILayer layer = RandomLayers.Create(RandomLayers.Options("mxd", units: 30, k: 3), seed: 1);
        using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", 1e-2, 0, 10));
        Tensor x = RandomLayers.Rows(12, 6, seed: 2), target = RandomLayers.Rows(12, 5, seed: 3);
        trainer.Step(x, target);
        Assert.Contains("KeepsGradients", Assert.Throws<InvalidOperationException>(() => layer.Parameter("W_cond").Gradient).Message, StringComparison.Ordinal);
        trainer.Optimizer.KeepsGradients = true;
        trainer.Step(x, target);
        Assert.True(layer.Parameter("W_cond").Gradient.abs().max().ToSingle() > 0);
    }

    private static Tensor[] Train(string type, bool kernels)
    {
        using IDisposable path = ComputePath.Force(kernels);
        LayerType kind = LayerTypes.Get(type);
        var options = new LayerOptions
        {
            Type = type,
            InputWidth = 20,
            OutputWidth = kind.IsAutoencoder ? 20 : 18,
            Units = 530,
            Hidden = kind.HasHidden ? 40 : null,
            Sparsity = new Sparsity.TopK(7),
            Activation = kind.DefaultActivation,
        };
        using ILayer layer = RandomLayers.Create(options, seed: 5);
        using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", 1e-3, 0, 10));
        for (int step = 0; step < 4; step++) trainer.Step(RandomLayers.Rows(101, 20, seed: 10 + step), RandomLayers.Rows(101, options.OutputWidth, seed: 20 + step));
        return [.. layer.Parameters.Select(p => p.Value.clone())];
    }
}
