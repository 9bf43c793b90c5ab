using Mxd.Kernels;
using Mxd.Layers;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

/// <summary>Training by kernels and in tiles beside training by the readable path, at sizes beyond one tile of the gate.</summary>
public class FastStepTests
{
    public static TheoryData<string> SparseTypes => RandomLayers.SparseTypes;

    [Theory]
    [MemberData(nameof(SparseTypes))]
    public void Training_GivesTheSameWeightsOnEveryPath(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] fast = Train(type, ComputeWay.Fast), readable = Train(type, ComputeWay.Readable), tiled = Train(type, ComputeWay.Tiled);
        for (int i = 0; i < fast.Length; i++)
        {
            GoldenTensors.AssertRelative(readable[i], fast[i], 1e-4, $"parameter {i}");
            GoldenTensors.AssertRelative(readable[i], tiled[i], 1e-4, $"parameter {i}");
        }
    }

    [Theory]
    [InlineData("mxd", "Fast")]
    [InlineData("sae", "Fast")]
    [InlineData("mxd", "Tiled")]
    [InlineData("sae", "Tiled")]
    public void Training_GivesTheSameBitsAgain(string type, string way)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] first = Train(type, Enum.Parse<ComputeWay>(way)), second = Train(type, Enum.Parse<ComputeWay>(way));
        for (int i = 0; i < first.Length; i++) GoldenTensors.AssertClose(first[i], second[i], 0, $"parameter {i}");
    }

    [Theory]
    [InlineData("mxd", "Fast")]
    [InlineData("mxd", "Readable")]
    [InlineData("mxd", "Tiled")]
    [InlineData("transcoder", "Fast")]
    [InlineData("transcoder", "Readable")]
    [InlineData("transcoder", "Tiled")]
    public void Step_RefusesInputsThatAreNotNumbers_AndLeavesTheWeights(string type, string way)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable path = ComputePath.Force(Enum.Parse<ComputeWay>(way));
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
        using IDisposable path = ComputePath.Force(ComputeWay.Fast);
        using ILayer layer = RandomLayers.Create(RandomLayers.Options("mxd", units: 30, k: 3), seed: 1);
        using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", 1e-2, 0, 10));
        Tensor x = RandomLayers.Rows(12, 6, seed: 2), target = RandomLayers.Rows(12, 5, seed: 3);
        trainer.Step(x, target);
        Assert.Contains("KeepsGradients", Assert.Throws<InvalidOperationException>(() => layer.Parameter("W_cond").Gradient).Message, StringComparison.Ordinal);
        trainer.Optimizer.KeepsGradients = true;
        trainer.Step(x, target);
        Assert.True(layer.Parameter("W_cond").Gradient.abs().max().ToSingle() > 0);
    }

    private static Tensor[] Train(string type, ComputeWay way)
    {
        using IDisposable path = ComputePath.Force(way);
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
        ((SparseLayer)layer).CutInto(new Tiles(Tokens: 40, Units: 200));
        using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", 1e-3, 0, 10));
        for (int step = 0; step < 4; step++) trainer.Step(RandomLayers.Rows(101, 20, seed: 10 + step), RandomLayers.Rows(101, options.OutputWidth, seed: 20 + step));
        return [.. layer.Parameters.Select(p => p.Value.clone())];
    }
}
