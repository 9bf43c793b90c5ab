using Mxd.Formats;
using Mxd.Kernels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

/// <summary>Training by kernels and in tiles beside training by the readable path, at sizes beyond one tile of the gate.</summary>
public class FastStepTests
{
    public static TheoryData<string> SparseTypes => RandomLayers.SparseTypes;

    public static TheoryData<string, string, double> TypesActivationsShifts
    {
        get
        {
            var data = new TheoryData<string, string, double>();
            foreach (string type in new[] { "transcoder", "glu-transcoder", "sae", "skip-mxd" })
                foreach (string activation in ActivationFunction.Names)
                    foreach (double shift in new[] { 0, -3.0 }) data.Add(type, activation, shift);
            return data;
        }
    }

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

    /// <summary>TopK is over activated values; where few units are positive, others are chosen with values below zero.</summary>
    [Theory]
    [MemberData(nameof(TypesActivationsShifts))]
    public void Training_GivesTheSameWeights_WithEveryActivation(string type, string activation, double shift)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] fast = Train(type, ComputeWay.Fast, activation: activation, shift: shift), readable = Train(type, ComputeWay.Readable, activation: activation, shift: shift);
        for (int i = 0; i < fast.Length; i++) GoldenTensors.AssertRelative(readable[i], fast[i], 1e-4, $"parameter {i}");
    }

    [Theory]
    [InlineData("mxd", "Fast")]
    [InlineData("sae", "Fast")]
    [InlineData("glu-transcoder", "Fast")]
    [InlineData("mxd", "Tiled")]
    [InlineData("sae", "Tiled")]
    public void Training_GivesTheSameBitsAgain(string type, string way)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] first = Train(type, Enum.Parse<ComputeWay>(way)), second = Train(type, Enum.Parse<ComputeWay>(way));
        for (int i = 0; i < first.Length; i++) GoldenTensors.AssertClose(first[i], second[i], 0, $"parameter {i}");
    }

    /// <summary>
    /// The units chosen and their values are float32's. So are a dictionary's gradients, then; a mixture's go through products that are rounded.
    /// </summary>
    [Theory]
    [MemberData(nameof(SparseTypes))]
    public void Training_InMixedPrecision_StaysCloseToFloat32(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable narrow = Bfloat16.Force(isFast: true);
        Tensor[] mixed = Train(type, ComputeWay.Fast, Precision.Mixed), full = Train(type, ComputeWay.Fast), first = Train(type, ComputeWay.Fast, steps: 0);
        double moved = Distance(full, first), apart = Distance(full, mixed);
        bool isMixture = LayerTypes.Get(type).HasHidden, hasSkip = type.Contains("skip", StringComparison.Ordinal);
        if (isMixture || hasSkip) Assert.InRange(apart / moved, 1e-5, 0.1);
        else Assert.InRange(apart / moved, 0, 1e-5);
    }

    [Fact]
    public void Training_InMixedPrecision_IsFloat32s_WhereTheProcessorHasNoProductsOfIt()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable narrow = Bfloat16.Force(isFast: false);
        Tensor[] mixed = Train("mxd", ComputeWay.Fast, Precision.Mixed), full = Train("mxd", ComputeWay.Fast);
        for (int i = 0; i < full.Length; i++) GoldenTensors.AssertClose(full[i], mixed[i], 0, $"parameter {i}");
    }

    [Theory]
    [InlineData("mxd", true, Precisions.Mixed)]
    [InlineData("mxd", false, Precisions.Full)]
    [InlineData("dense", true, Precisions.Full)]
    public void MixedPrecision_IsUsedWhereThereIsOne(string type, bool hasProducts, string used)
    {
        using IDisposable narrow = Bfloat16.Force(hasProducts), path = ComputePath.Force(ComputeWay.Fast);
        LayerOptions options = RandomLayers.Options(type, units: 30, k: 3);
        Assert.Equal(used, Precisions.Used(Precisions.Mixed, options, CPU));
        Assert.Equal(Precisions.Full, Precisions.Used(Precisions.Full, options, CPU));
    }

    /// <summary>On the thread that takes it; the next test is about libtorch's memory.</summary>
    [Theory]
    [InlineData("mxd")]
    [InlineData("glu-skip-transcoder")]
    public void ASteadyStep_TakesNoManagedMemory_ThatGrowsWithItsTokens(string type)
    {
        const int Few = 128, Many = 8 * Few, Wrappers = 100_000;
        long few = Allocated(type, Few), many = Allocated(type, Many);
        Assert.InRange(many, 0, Wrappers);
        // Less is no matter: code that is compiled once more in between may take less.
        Assert.InRange(many - few, -Wrappers, Many);
    }

    [Fact]
    public void APass_WritesItsCodesAndOutputWhereTheOneBeforeDid()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable path = ComputePath.Force(ComputeWay.Fast);
        using ILayer layer = RandomLayers.Create(RandomLayers.Options("mxd", units: 30, k: 3), seed: 1);
        foreach (Parameter parameter in layer.Parameters) parameter.AllocateGradient();
        nint[] first = Addresses(1), second = Addresses(2);
        Assert.Equal(first, second);

        nint[] Addresses(int seed)
        {
            Tensor x = RandomLayers.Rows(90, layer.Options.InputWidth, seed), target = RandomLayers.Rows(90, layer.Options.OutputWidth, seed + 10);
            TrainingPass pass = layer.Differentiate(new TrainingBatch(x, target));
            return [.. new[] { pass.Output, pass.Codes.Values, ((TopKCodes)pass.Codes).Indices }.Select(Address)];
        }
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

    /// <summary>Evaluation encodes and decodes by kernels where there are many tokens; a step's gradients outlive it.</summary>
    [Theory]
    [MemberData(nameof(SparseTypes))]
    public void EncodeAndDecode_GiveTheSameByKernels(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = RandomLayers.Create(RandomLayers.Options(type, units: 530, k: 5), seed: 3);
        foreach (Parameter parameter in layer.Parameters) parameter.AllocateGradient();
        Tensor x = RandomLayers.Rows(200, layer.Options.InputWidth, seed: 4), target = RandomLayers.Rows(200, layer.Options.OutputWidth, seed: 5);
        Tensor[] results = [.. new[] { ComputeWay.Fast, ComputeWay.Readable }.SelectMany(way =>
        {
            using IDisposable path = ComputePath.Force(way);
            layer.Differentiate(new TrainingBatch(x, target));
            SparseCodes codes = layer.Encode(x);
            SparseCodes steered = codes.Add(7, 1.5);
            return new[] { codes.ToDense(), layer.Decode(codes, x), layer.Decode(steered, x) }.Concat(layer.Parameters.Where(p => p.IsTrained).Select(p => p.Gradient.clone()));
        })];
        for (int i = 0; i < results.Length / 2; i++) GoldenTensors.AssertRelative(results[i + results.Length / 2], results[i], 1e-5, $"result {i}");
    }

    [Fact]
    public void Encode_GivesWhatIsNotANumber_ToWhoeverAsks()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable path = ComputePath.Force(ComputeWay.Fast);
        using ILayer layer = RandomLayers.Create(RandomLayers.Options("mxd", units: 30, k: 3), seed: 1);
        Tensor x = RandomLayers.Rows(100, 6, seed: 2);
        x[70, 1] = float.NaN;
        Assert.Equal([70L], layer.Forward(x).isnan().any(1).nonzero().squeeze(1).data<long>());
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

    [Fact]
    public void Gradient_CannotBeRead_OnceALaterPassHasFailed()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable path = ComputePath.Force(ComputeWay.Fast);
        using ILayer layer = RandomLayers.Create(RandomLayers.Options("mxd", units: 30, k: 3), seed: 1);
        foreach (Parameter parameter in layer.Parameters) parameter.AllocateGradient();
        layer.Differentiate(new TrainingBatch(RandomLayers.Rows(12, 6, seed: 2), RandomLayers.Rows(12, 5, seed: 3)));
        var larger = new TrainingBatch(RandomLayers.Rows(5000, 6, seed: 2).fill_(double.NaN), RandomLayers.Rows(5000, 5, seed: 3));
        Assert.Throws<NotFiniteNumberException>(() => layer.Differentiate(larger));
        foreach (string key in new[] { "gate", "W_cond" }) Assert.Throws<InvalidOperationException>(() => layer.Parameter(key).Gradient);
    }

    private static Tensor[] Train(string type, ComputeWay way, Precision precision = Precision.Full, int steps = 4, string? activation = null, double shift = 0)
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
            Activation = activation ?? kind.DefaultActivation,
        };
        using ILayer layer = RandomLayers.Create(options, seed: 5);
        layer.Parameter(kind.HasHidden ? "gate_bias" : "b_enc").Value.add_(shift);
        using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", 1e-3, 0, 10), precision);
        ((SparseLayer)layer).CutInto(new Tiles(Tokens: 40, Units: 200));
        // Small inputs: where a sigmoid is all but 1, rounding would decide which of many units are chosen.
        for (int step = 0; step < steps; step++) trainer.Step(RandomLayers.Rows(101, 20, seed: 10 + step) * 0.3, RandomLayers.Rows(101, options.OutputWidth, seed: 20 + step));
        return [.. layer.Parameters.Select(p => p.Value.clone())];
    }

    private static unsafe nint Address(Tensor tensor) => (nint)TensorMemory.Start(tensor);

    /// <summary>Bytes of the garbage collector's memory that a third step takes.</summary>
    private static long Allocated(string type, int tokens)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable path = ComputePath.Force(ComputeWay.Fast);
        using ILayer layer = RandomLayers.Create(RandomLayers.Options(type, units: 530, k: 5), seed: 1);
        using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", 1e-3, 0, 10));
        Tensor x = RandomLayers.Rows(tokens, layer.Options.InputWidth, seed: 2), target = RandomLayers.Rows(tokens, layer.Options.OutputWidth, seed: 3);
        for (int i = 0; i < 2; i++) trainer.Step(x, target);
        long before = GC.GetAllocatedBytesForCurrentThread();
        trainer.Step(x, target);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static double Distance(Tensor[] a, Tensor[] b) => Math.Sqrt(a.Zip(b).Sum(pair => (pair.First - pair.Second).to(ScalarType.Float64).square().sum().ToDouble()));
}
