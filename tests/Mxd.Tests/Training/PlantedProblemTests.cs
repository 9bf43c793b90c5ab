using Mxd.Layers;
using Mxd.Metrics;
using Mxd.Tests.Layers;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Training;

/// <summary>Each of the newer ways to choose units, and to keep them alive, solves a problem whose solution is known.</summary>
public class PlantedProblemTests
{
    private const int Features = 48, Width = 32, Active = 3, Batch = 512;

    private static readonly AuxiliaryLoss auxiliary = new() { Coefficient = 0.03, K = 16, DeadAfter = 5000 };

    [Theory]
    [InlineData("sae")]
    [InlineData("transcoder")]
    public void BatchTopK_FindsTheFeatures_AndSharesUnitsAmongTokens(string type)
    {
        Outcome shared = Learn(Dictionary(type, new Sparsity.BatchTopK(Active)) with { AuxK = auxiliary }, steps: 1200);
        Outcome equal = Learn(Dictionary(type, new Sparsity.TopK(Active)) with { AuxK = auxiliary }, steps: 1200);

        Assert.InRange(shared.Found, 0.85, 1);
        Assert.InRange(shared.Measured.L0, 0.9 * Active, 1.1 * Active);
        Assert.InRange(shared.Measured.Fvu, 0, 0.7 * equal.Measured.Fvu);
    }

    [Theory]
    [InlineData("sae")]
    [InlineData("transcoder")]
    public void JumpRelu_FindsTheFeatures_AndHowManyThereAreOnAToken(string type)
    {
        Outcome learnt = Learn(Dictionary(type, new Sparsity.JumpRelu(1e-3, 0.2)), steps: 1000);

        Assert.InRange(learnt.Found, 0.95, 1);
        Assert.InRange(learnt.Measured.L0, 0.85 * Active, 1.15 * Active);
        Assert.InRange(learnt.Measured.Fvu, 0, 0.1);
    }

    [Fact]
    public void AuxK_FindsFeaturesForWhichUnitsDieWithout()
    {
        LayerOptions options = Dictionary("sae", new Sparsity.TopK(Active));
        Outcome without = Learn(options, steps: 1200), with = Learn(options with { AuxK = auxiliary }, steps: 1200);

        Assert.InRange(with.Found, 0.95, 1);
        Assert.InRange(without.Found, 0, 0.8);
        Assert.True(with.Measured.Fvu < without.Measured.Fvu);
    }

    [Fact]
    public void AuxK_BringsDeadExpertsToLife()
    {
        Reconstruction without = Imitate(null), with = Imitate(auxiliary with { Coefficient = 0.3 });

        Assert.InRange(without.DeadFraction, 0.8, 1);
        Assert.InRange(with.DeadFraction, 0, 0.5);
        Assert.InRange(with.Fvu, 0, 0.5 * without.Fvu);
    }

    private sealed record Outcome(Reconstruction Measured, double Found);

    private static LayerOptions Dictionary(string type, Sparsity sparsity) => new()
    {
        Type = type,
        InputWidth = Width,
        OutputWidth = Width,
        Units = 2 * Features,
        Sparsity = sparsity,
        Activation = "relu",
    };

    private static Outcome Learn(LayerOptions options, int steps)
    {
        using PlantedFeatures features = new(Features, Width, Active, seed: 1);
        using ILayer layer = LayerTypes.Get(options.Type).Initialise(options, 3, CPU);
        Reconstruction measured = Train(layer, steps, 3e-3, rows =>
        {
            Tensor x = features.Draw(rows);
            return (x, x);
        });
        return new Outcome(measured, features.Found(layer.UnitDecoder!.Value));
    }

    /// <summary>A mixture that imitates another one of half as many experts, with nine tenths of its own experts dead at first.</summary>
    private static Reconstruction Imitate(AuxiliaryLoss? aux)
    {
        LayerOptions options = RandomLayers.Options("mxd", units: 24, k: 3) with { InputWidth = 16, OutputWidth = 16, Hidden = 8 };
        using ILayer teacher = RandomLayers.Create(options, seed: 5);
        options = options with { Units = 48, AuxK = aux };
        using ILayer layer = LayerTypes.Get("mxd").Initialise(options, 6, CPU);
        layer.Parameter("gate_bias").Value.narrow(0, 0, 43).fill_(-3);
        using var generator = new Generator(7);
        return Train(layer, 1200, 1e-2, rows =>
        {
            Tensor x = randn(rows, 16, generator: generator);
            return (x, teacher.Forward(x));
        });
    }

    private static Reconstruction Train(ILayer layer, int steps, double rate, Func<long, (Tensor X, Tensor Target)> draw)
    {
        using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", rate, 0, steps));
        for (int step = 0; step < steps; step++)
        {
            using DisposeScope scope = NewDisposeScope();
            (Tensor x, Tensor target) = draw(Batch);
            trainer.Step(x, target);
        }
        using DisposeScope measured = NewDisposeScope();
        using var meter = new ReconstructionMeter(layer.Options.Units, CPU);
        (Tensor held, Tensor expected) = draw(8 * Batch);
        SparseCodes codes = layer.Encode(held);
        meter.Add(layer.Decode(codes, held), expected, codes);
        return meter.Result();
    }
}
