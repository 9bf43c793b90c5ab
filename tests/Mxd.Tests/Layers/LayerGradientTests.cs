using Mxd.Kernels;
using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

/// <summary>The gradients written out by hand against autograd on the readable definition.</summary>
public class LayerGradientTests
{
    public static TheoryData<string, string> TypesAndActivations
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (TheoryDataRow<string, string> row in RandomLayers.TypesAndActivations.Where(row => row.Data.Item1 != "linear")) data.Add(row);
            return data;
        }
    }

    public static TheoryData<string> SparseTypes => RandomLayers.SparseTypes;

    public static TheoryData<string> GradientTypes => [.. RandomLayers.Names.Where(name => name != "linear")];

    [Theory]
    [MemberData(nameof(TypesAndActivations))]
    public void Differentiate_EqualsAutograd_AtRandomSizes(string type, string activation)
    {
        var random = new Random(StableSeed(type + activation));
        for (int round = 0; round < 12; round++)
        {
            using DisposeScope scope = NewDisposeScope();
            LayerOptions options = RandomLayers.Options(type, activation, random);
            AssertEqualAtRandomRows(options, random, zeroTarget: round % 3 == 0);
        }
    }

    [Theory]
    [MemberData(nameof(SparseTypes))]
    public void Differentiate_EqualsAutograd_ForEverySparsityWithAndWithoutUnitNormAndAuxK(string type)
    {
        var random = new Random(StableSeed(type));
        foreach (Sparsity sparsity in RandomLayers.Sparsities(type))
            for (int round = 0; round < 8; round++)
            {
                using DisposeScope scope = NewDisposeScope();
                LayerOptions options = RandomLayers.Options(type, sparsity is Sparsity.JumpRelu ? "relu" : LayerTypes.Get(type).DefaultActivation, random) with
                {
                    Sparsity = sparsity,
                    Units = 12,
                    UnitNorm = round % 2 == 0,
                    AuxK = round % 4 < 2 ? null : new AuxiliaryLoss { Coefficient = 0.3, K = random.Next(1, 9) },
                };
                AssertEqualAtRandomRows(options, random, zeroTarget: round % 3 == 0);
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
    [MemberData(nameof(GradientTypes))]
    public void Differentiate_GivesZeroLossAndGradients_WhereEveryTargetIsZero(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = RandomLayers.Create(RandomLayers.Options(type, units: 8, k: 3), seed: 6);
        foreach (Parameter parameter in layer.Parameters) parameter.AllocateGradient();
        TrainingPass pass = layer.Differentiate(new TrainingBatch(RandomLayers.Rows(4, 6, seed: 7), zeros(4, layer.Options.OutputWidth)));
        Assert.Equal(0, pass.Loss.Total);
        foreach (Parameter parameter in layer.Parameters) Assert.Equal(0, parameter.Gradient.abs().max().ToSingle());
    }

    [Theory]
    [MemberData(nameof(GradientTypes))]
    public void Differentiate_ReturnsTheForwardPass_AndOverwritesGradients(string type)
    {
        foreach (ComputeWay way in Enum.GetValues<ComputeWay>())
        {
            using IDisposable path = ComputePath.Force(way);
            // The kernels add in another order; the other paths are the forward pass itself.
            ReturnsTheForwardPass(type, codes: way == ComputeWay.Fast ? 1e-6 : 0);
        }
    }

    private static void ReturnsTheForwardPass(string type, double codes)
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = RandomLayers.Create(RandomLayers.Options(type, units: 8, k: 3), seed: 8);
        foreach (Parameter parameter in layer.Parameters) parameter.AllocateGradient();
        Tensor x = RandomLayers.Rows(10, 6, seed: 9), target = RandomLayers.Rows(10, layer.Options.OutputWidth, seed: 10);
        TrainingPass pass = layer.Differentiate(new TrainingBatch(x, target));
        Tensor[] first = [.. layer.Parameters.Select(p => p.Gradient.clone())];
        layer.Differentiate(new TrainingBatch(x, target));

        if (codes == 0) GoldenTensors.AssertClose(layer.Forward(x), pass.Output, 1e-6, "output");
        else GoldenTensors.AssertRelative(layer.Forward(x), pass.Output, 1e-6, "output");
        if (layer.Options.Units > 0) GoldenTensors.AssertClose(layer.Encode(x).ToDense(), pass.Codes.ToDense(), codes, "codes");
        for (int i = 0; i < first.Length; i++) GoldenTensors.AssertClose(first[i], layer.Parameters[i].Gradient, 0, layer.Parameters[i].Key);
    }

    private static void AssertEqualAtRandomRows(LayerOptions options, Random random, bool zeroTarget)
    {
        using ILayer layer = RandomLayers.Create(options, random.Next());
        int batch = random.Next(1, 20);
        Tensor target = RandomLayers.Rows(batch, options.OutputWidth, random.Next());
        if (zeroTarget) target[random.Next(batch)] = 0;
        Tensor x = RandomLayers.Rows(batch, options.InputWidth, random.Next());
        Tensor? dead = options.AuxK is null ? null : RandomLayers.Rows(1, options.Units, random.Next())[0] > 0;
        if (dead is not null) dead[random.Next((int)options.Units)] = true;
        AssertEqual(layer, x, target, dead);
    }

    private static void AssertEqual(ILayer layer, Tensor x, Tensor target, Tensor? dead = null)
    {
        foreach (Parameter parameter in layer.Parameters) parameter.AllocateGradient();
        Parameter[] trained = [.. layer.Parameters.Where(p => p.IsTrained)];
        Tensor[] before = [.. layer.Parameters.Select(p => p.Value.clone())];
        var batch = new TrainingBatch(x, target, dead);
        TrainingPass expected = Autograd.Differentiate(layer, batch);
        Tensor[] gradients = [.. trained.Select(p => p.Gradient.clone())];
        // Smaller than most layers here, so that several tiles make up the codes.
        (layer as SparseLayer)?.CutInto(new Tiles(Tokens: 3, Units: 5));
        foreach (ComputeWay way in Enum.GetValues<ComputeWay>())
        {
            for (int i = 0; i < before.Length; i++) layer.Parameters[i].Value.copy_(before[i]);
            using IDisposable path = ComputePath.Force(way);
            AssertGives(layer, batch, expected, gradients, way);
        }
    }

    private static void AssertGives(ILayer layer, TrainingBatch batch, TrainingPass expected, Tensor[] gradients, ComputeWay way)
    {
        Parameter[] trained = [.. layer.Parameters.Where(p => p.IsTrained)];
        TrainingPass pass = layer.Differentiate(batch);

        Near(Loss(pass.Output, batch.Targets).ToDouble(), pass.Loss.NormScaledMse, "NormScaledMse");
        // Kernels and tiles add in another order; where y and t nearly cancel, that rounding of y counts: by the slope times it, and no more.
        GoldenTensors.AssertClose(expected.Output, pass.Output, 1e-5 * Math.Max(1, expected.Output.abs().max().ToDouble()), "output");
        Tensor slope = NormScaledMse.Differentiate(expected.Output, batch.Targets).OutputGradient;
        double rounding = (slope * (pass.Output - expected.Output)).abs().sum().ToDouble();
        Near(expected.Loss.NormScaledMse, pass.Loss.NormScaledMse, "NormScaledMse", way == ComputeWay.Readable ? 0 : rounding);
        Near(expected.Loss.L1, pass.Loss.L1, "L1");
        Near(expected.Loss.L0, pass.Loss.L0, "L0");
        Near(expected.Loss.AuxK, pass.Loss.AuxK, "AuxK");
        Assert.Equal(batch.DeadUnits is not null, pass.Loss.AuxK is not null);
        for (int i = 0; i < trained.Length; i++) AssertClose(gradients[i], trained[i].Gradient, $"{trained[i].Key} of {layer.Options}");
    }

    private static void Near(double? expected, double? actual, string what, double rounding = 0)
    {
        Assert.Equal(expected is null, actual is null);
        if (expected is { } value) Assert.True(Math.Abs(value - actual!.Value) <= 1e-5 * Math.Abs(value) + 1e-9 + rounding, $"{what}: {actual} instead of {value}");
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
