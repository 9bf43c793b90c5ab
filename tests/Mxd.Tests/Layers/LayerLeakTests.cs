using Mxd.Kernels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

/// <summary>What the library leaves alive in native memory, which the garbage collector does not see.</summary>
public class LayerLeakTests
{
    public static TheoryData<string, string> TypesAndActivations => RandomLayers.TypesAndActivations;

    public static TheoryData<string> Types => RandomLayers.Types;

    public static TheoryData<string> SparseTypes => RandomLayers.SparseTypes;

    [Theory]
    [MemberData(nameof(TypesAndActivations))]
    public void Layer_LeavesItsResultsAlive_AndNothingElse(string type, string activation) =>
        AssertLeavesResults(RandomLayers.Options(type, units: 9, k: 4) with { Activation = LayerTypes.Get(type).DefaultActivation is null ? null : activation });

    [Theory]
    [MemberData(nameof(SparseTypes))]
    public void Layer_LeavesItsResultsAlive_WithEverySparsity(string type)
    {
        foreach (Sparsity sparsity in RandomLayers.Sparsities(type))
            foreach (bool unitNorm in new[] { true, false })
            {
                AuxiliaryLoss? aux = unitNorm ? null : new AuxiliaryLoss { Coefficient = 0.1, K = 2 };
                LayerOptions options = RandomLayers.Options(type, units: 12, k: 4) with { Sparsity = sparsity, UnitNorm = unitNorm, AuxK = aux };
                AssertLeavesResults(sparsity is Sparsity.JumpRelu && options.Hidden is null ? options with { Activation = "relu" } : options);
            }
    }

    [Fact]
    public void Layer_LeavesItsResultsAlive_WithTheFormulasOfFiles()
    {
        LayerOptions options = RandomLayers.Options("sae", units: 12, k: 4);
        AssertLeavesResults(options with { RescaleByDecoderNorm = true });
        AssertLeavesResults(options with { Normalisation = InputNormalisation.LayerNorm });
        AssertLeavesResults(options with { Normalisation = InputNormalisation.ConstantNormRescale, SubtractsInputBias = false });
    }

    private static void AssertLeavesResults(LayerOptions options)
    {
        LeavesResults(options);
        using IDisposable path = ComputePath.Force(ComputeWay.Tiled);
        LeavesResults(options);
    }

    private static void LeavesResults(LayerOptions options)
    {
        using DisposeScope scope = NewDisposeScope();
        using ILayer layer = RandomLayers.Create(options, seed: 1);
        (layer as SparseLayer)?.CutInto(new Tiles(Tokens: 2, Units: 5));
        foreach (Parameter parameter in layer.Parameters) parameter.AllocateGradient();
        Tensor x = RandomLayers.Rows(5, options.InputWidth, seed: 2), target = RandomLayers.Rows(5, options.OutputWidth, seed: 3);
        Tensor? dead = options.AuxK is null ? null : ones(options.Units, dtype: ScalarType.Bool);
        var batch = new TrainingBatch(x, target, dead);
        SparseCodes codes = layer.Encode(x);
        int size = Size(codes);

        Assert.Equal(1, LiveTensors.LeftBy(() => layer.Forward(x)));
        Assert.Equal(size, LiveTensors.LeftBy(() => layer.Encode(x)));
        Assert.Equal(1, LiveTensors.LeftBy(() => layer.Decode(codes, x)));
        Assert.Equal(1, LiveTensors.LeftBy(codes.ToDense));
        Assert.Equal(1, LiveTensors.LeftBy(codes.ActiveCounts));
        if (layer is IFittedLayer fitted) Step(() => fitted.Fit(batch));
        else
        {
            Step(() => layer.Differentiate(batch));
            Step(() => Autograd.Differentiate(layer, batch));
        }
        if (options.Units > 3) Assert.Equal(codes is TopKCodes ? 2 : 1, LiveTensors.LeftBy(() => codes.Add(3, 1)));

        void Step(Func<TrainingPass> step)
        {
            int kept = 1 + Size(step().Codes);
            Assert.Equal(kept, LiveTensors.LeftBy(step));
        }
    }

    private static int Size(SparseCodes codes) => codes switch { TopKCodes => 2, DenseCodes { Chosen: null } => 1, _ => 2 };

    [Theory]
    [MemberData(nameof(Types))]
    public void ATrainingStep_LeavesNothingAlive(string type)
    {
        AStepLeavesNothingAlive(type);
        using IDisposable path = ComputePath.Force(ComputeWay.Tiled);
        AStepLeavesNothingAlive(type);
    }

    private static void AStepLeavesNothingAlive(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        AuxiliaryLoss? aux = LayerTypes.Get(type).HasUnits ? new AuxiliaryLoss { Coefficient = 0.1, K = 2, DeadAfter = 1 } : null;
        LayerOptions options = RandomLayers.Options(type, units: 12, k: 2) with { AuxK = aux };
        using ILayer layer = RandomLayers.Create(options, seed: 1);
        using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", 1e-3, 0, 10));
        Tensor x = RandomLayers.Rows(5, options.InputWidth, seed: 2), target = RandomLayers.Rows(5, options.OutputWidth, seed: 3);
        // The first step has no dead unit; from the second on, gradients are held whole.
        trainer.Step(x, target);
        trainer.Step(x, target);

        Assert.Equal(0, LiveTensors.LeftBy(() => trainer.Step(x, target)));
        if (aux is not null) Assert.NotNull(trainer.Step(x, target).Loss.AuxK);
    }

    [Theory]
    [InlineData("mxd")]
    [InlineData("transcoder")]
    public void FromStored_LeavesNothingAlive_WhereATensorIsRefused(string type)
    {
        LayerOptions options = RandomLayers.Options(type, units: 9, k: 4);
        LayerType kind = LayerTypes.Get(type);
        Dictionary<string, ParameterSpec> specs = kind.Specs(options).ToDictionary(s => s.Key);
        Assert.Equal(0, LiveTensors.LeftBy(() =>
        {
            using DisposeScope scope = NewDisposeScope();
            return Assert.Throws<MxdInputException>(
                () => kind.FromStored(options, key => key == "b_dec_out" ? zeros(1) : zeros(specs[key].StoredShape), CPU));
        }));
    }

    [Theory]
    [InlineData("mxd")]
    [InlineData("transcoder")]
    public void Dispose_FreesEveryParameterAndGradient(string type) => Assert.Equal(0, LiveTensors.LeftBy(() =>
    {
        using ILayer layer = RandomLayers.Create(RandomLayers.Options(type, units: 9, k: 4), seed: 4);
        foreach (Parameter parameter in layer.Parameters) parameter.AllocateGradient();
        return layer;
    }));
}
