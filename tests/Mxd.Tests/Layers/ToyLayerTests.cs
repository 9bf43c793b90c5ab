using Mxd.Activations;
using Mxd.Evaluation;
using Mxd.Interchange;
using Mxd.LanguageModels;
using Mxd.LanguageModels.Families;
using Mxd.Layers;
using Mxd.Tests.LanguageModels;
using Mxd.Tests.Runtime;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

/// <summary>Adding a kind of layer touches nothing but the file that defines it.</summary>
public sealed class ToyLayerTests : IDisposable
{
    private static readonly TrainOptions options = new()
    {
        Model = "model.gguf",
        Layer = 1,
        Text = ["text.jsonl"],
        Type = ToyLayer.Name,
        K = 3,
        Experts = 24,
        LearningRate = 1e-2,
    };

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void OptionsNameIt_AndItsSizeIsMatched()
    {
        Assert.Empty(options.Problems());
        LayerOptions matched = (options with { Experts = null, Multiplier = 4 }).LayerOptions(12, 12);
        Assert.InRange(LayerTypes.Get(ToyLayer.Name).ParameterCount(matched), ParameterBudget.Of(12, 12, 4) - 24, ParameterBudget.Of(12, 12, 4));
        Assert.Equal(2 * 24 * 12 + 2 * 3 * 12, LayerCost.Of(options.LayerOptions(12, 12), batch: 1).ForwardFlops.Sparse);
    }

    [Fact]
    public void PenaltiesThatItsLossLacks_AreRefused()
    {
        foreach (TrainOptions asked in new[] { options with { K = null, L1 = 0.1 }, options with { AuxK = 0.03 }, options with { SparsityKind = "batch-topk" } })
            Assert.Equal("'toy-cube' takes TopK alone and no AuxK: its own loss has no more.", Assert.Single(asked.LayerOptions(12, 12).Problems()));
    }

    [Fact]
    public void ItTrains_SavesLoadsAndEvaluates()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        Tensor tokens = TinyLlama.Tokens(40, 10, seed: 1);
        using ActivationRows rows = new Harvester(model, HookPoint.MlpInput(1), HookPoint.MlpOutput(1)).Harvest(tokens);
        using ILayer layer = LayerTypes.Get(ToyLayer.Name).Initialise(options.LayerOptions(12, 12), options.Seed, CPU);
        using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", options.LearningRate, 0, 200));
        double before = trainer.Step(rows[HookPoint.MlpInput(1)], rows[HookPoint.MlpOutput(1)]).Loss.Total, after = before;
        for (int step = 0; step < 200; step++) after = trainer.Step(rows[HookPoint.MlpInput(1)], rows[HookPoint.MlpOutput(1)]).Loss.Total;
        Assert.True(after < 0.7 * before, $"The loss went from {before} to {after}.");

        var origin = new LayerOrigin(model.Identity, "blocks.1.ln2.hook_normalized", "blocks.1.hook_mlp_out", 10, "float32", 4000);
        NativeLayer.Save(folder.File("layer.safetensors"), layer, origin);
        using ILayer loaded = NativeLayer.Load(folder.File("layer.safetensors"), CPU).Layer;
        GoldenTensors.AssertClose(layer.Forward(rows[HookPoint.MlpInput(1)]), loaded.Forward(rows[HookPoint.MlpInput(1)]), 0, "y");

        var text = new PackedContexts([[.. tokens.data<long>().Select(t => (int)t)]], 40, 40, 10);
        var replacement = new Replacement(loaded, HookPoint.MlpInput(1), HookPoint.MlpOutput(1));
        CostOfReplacement cost = new ReplacementEvaluator(model, text, new EvaluationOptions()).Evaluate([replacement])[0];
        Assert.InRange(cost.Fvu!.Value, 0.001, 0.9);
        Assert.InRange(cost.L0!.Value, 0.5, 3);
    }
}
