using Mxd.Kernels;
using Mxd.Layers;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

/// <summary>Training by kernels at the edges of tiles, where nothing is active, and on what is not a number or does not fit.</summary>
public class FastStepEdgeTests
{
    /// <summary>Type, B, N, K.</summary>
    public static TheoryData<string, int, int, int> Sizes
    {
        get
        {
            var data = new TheoryData<string, int, int, int>();
            foreach (string type in RandomLayers.SparseTypes.Select(row => row.Data))
                foreach ((int tokens, int units, int k) in new[] { (1, 1, 1), (1, 33, 33), (95, 511, 1), (96, 512, 8), (97, 513, 64), (193, 1025, 65), (33, 70, 70) })
                    data.Add(type, tokens, units, k);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Training_IsTheSameOnBothPaths_AtTheEdgesOfTiles(string type, int tokens, int units, int k)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] fast = Train(type, tokens, units, k, kernels: true), readable = Train(type, tokens, units, k, kernels: false);
        for (int i = 0; i < fast.Length; i++) GoldenTensors.AssertRelative(readable[i], fast[i], 1e-4, $"parameter {i}");
    }

    [Theory]
    [InlineData("mxd", "gate_bias")]
    [InlineData("glu-skip-mxd", "gate_bias")]
    [InlineData("transcoder", "b_enc")]
    [InlineData("sae", "b_enc")]
    public void Training_IsTheSameOnBothPaths_WhereNoUnitIsActive(string type, string bias)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] fast = Train(type, 97, 513, 5, kernels: true, bias), readable = Train(type, 97, 513, 5, kernels: false, bias);
        for (int i = 0; i < fast.Length; i++) GoldenTensors.AssertRelative(readable[i], fast[i], 1e-4, $"parameter {i}");
    }

    /// <summary>Whatever it is that is not a number: the step is refused and no weight moves.</summary>
    [Theory]
    [InlineData("mxd", "relu")]
    [InlineData("mxd", "gelu")]
    [InlineData("mxd", "sigmoid")]
    [InlineData("glu-mxd", "gelu-tanh")]
    [InlineData("glu-skip-mxd", "relu")]
    [InlineData("glu-skip-mxd", "silu")]
    [InlineData("skip-transcoder", "relu")]
    [InlineData("sae", "relu")]
    public void Step_IsRefused_WhereAnythingIsNotANumber(string type, string activation)
    {
        using ILayer layer = Layer(type, units: 30, k: 30, activation);
        int parameters = layer.Parameters.Count(p => p.IsTrained);
        foreach (bool kernels in new[] { true, false })
            for (int what = -2; what < parameters; what++) AssertRefused(type, activation, what, kernels);
    }

    /// <summary>Kernels would read, and write, beyond the ends.</summary>
    [Theory]
    [InlineData("mxd", 12, 21, 12, 18)]
    [InlineData("transcoder", 12, 21, 12, 18)]
    [InlineData("transcoder", 12, 19, 12, 18)]
    [InlineData("transcoder", 12, 20, 11, 18)]
    [InlineData("transcoder", 12, 20, 13, 18)]
    [InlineData("transcoder", 12, 20, 12, 17)]
    [InlineData("transcoder", 12, 20, 12, 19)]
    public void Step_RefusesShapesThatDoNotFit(string type, int tokens, int input, int targets, int output)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (bool kernels in new[] { true, false })
        {
            using IDisposable path = ComputePath.Force(kernels ? ComputeWay.Fast : ComputeWay.Readable);
            using ILayer layer = Layer(type, units: 30, k: 3);
            using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", 1e-2, 0, 10));
            Assert.ThrowsAny<System.Runtime.InteropServices.ExternalException>(() => trainer.Step(zeros(tokens, input), ones(targets, output)));
        }
    }

    [Theory]
    [InlineData("mxd")]
    [InlineData("skip-transcoder")]
    public void Differentiate_TakesNoTokens(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable path = ComputePath.Force(ComputeWay.Fast);
        using ILayer layer = Layer(type, units: 30, k: 3);
        foreach (Mxd.Layers.Parameter parameter in layer.Parameters) parameter.AllocateGradient();
        TrainingPass pass = layer.Differentiate(new TrainingBatch(zeros(0, 20), zeros(0, 18)));
        Assert.Equal(0, pass.Loss.Total);
        foreach (Mxd.Layers.Parameter parameter in layer.Parameters) Assert.Equal(0, parameter.Gradient.abs().max().ToSingle());
    }

    /// <param name="what">A parameter's number, -1 for the target, -2 for the input.</param>
    private static void AssertRefused(string type, string activation, int what, bool kernels)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable path = ComputePath.Force(kernels ? ComputeWay.Fast : ComputeWay.Readable);
        using ILayer layer = Layer(type, units: 30, k: 30, activation);
        using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", 1e-2, 0, 10));
        // Every unit is active, so that the kernels see every row that torch's dense products see.
        foreach (Mxd.Layers.Parameter bias in layer.Parameters.Where(p => p.Value.shape is [30])) bias.Value.fill_(100);
        Tensor x = RandomLayers.Rows(12, 20, seed: 2), target = RandomLayers.Rows(12, layer.Options.OutputWidth, seed: 3);
        (what switch { -2 => x, -1 => target, _ => layer.Parameters.Where(p => p.IsTrained).ElementAt(what).Value }).view(-1)[5] = float.NaN;
        Tensor[] before = [.. layer.Parameters.Select(p => p.Value.nan_to_num(12345))];
        string message = $"{what}, {(kernels ? "kernels" : "readable")}";
        try
        {
            trainer.Step(x, target);
            Assert.Fail($"{message}: not refused");
        }
        catch (NotFiniteNumberException)
        {
            Assert.Equal(0, trainer.Optimizer.Steps);
        }
        for (int i = 0; i < before.Length; i++) GoldenTensors.AssertClose(before[i], layer.Parameters[i].Value.nan_to_num(12345), 0, $"{message}: {layer.Parameters[i].Key}");
    }

    private static ILayer Layer(string type, int units, int k, string? activation = null)
    {
        LayerType kind = LayerTypes.Get(type);
        return RandomLayers.Create(
            new LayerOptions
            {
                Type = type,
                InputWidth = 20,
                OutputWidth = kind.IsAutoencoder ? 20 : 18,
                Units = units,
                Hidden = kind.HasHidden ? 40 : null,
                Sparsity = new Sparsity.TopK(k),
                Activation = activation ?? kind.DefaultActivation,
                UnitNorm = false,
            },
            seed: 5);
    }

    /// <summary>Two steps; the named bias makes every pre-activation negative.</summary>
    private static Tensor[] Train(string type, int tokens, int units, int k, bool kernels, string? negative = null)
    {
        using IDisposable path = ComputePath.Force(kernels ? ComputeWay.Fast : ComputeWay.Readable);
        using ILayer layer = Layer(type, units, k);
        if (negative is not null) layer.Parameter(negative).Value.fill_(-1000);
        using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", 1e-3, 0, 10));
        for (int step = 0; step < 2; step++)
        {
            StepResult result = trainer.Step(RandomLayers.Rows(tokens, 20, seed: 10 + step), RandomLayers.Rows(tokens, layer.Options.OutputWidth, seed: 20 + step));
            if (negative is not null) Assert.Equal(0, result.L0);
        }
        return [.. layer.Parameters.Select(p => p.Value.clone())];
    }
}
