using Mxd.Activations;
using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.LanguageModels.Families;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Tests.LanguageModels;
using Mxd.Tests.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Evaluation;

public sealed class ReplacementEvaluatorTests : IDisposable
{
    private const int Contexts = 11, Length = 10;

    private readonly LlamaModel model = TinyLlama.Create();
    private readonly TransformerWeights weights = TinyLlama.Weights(TinyLlama.Config, 1, ScalarType.Float32);
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly PackedContexts text;
    private readonly Tensor tokens;

    public ReplacementEvaluatorTests()
    {
        var random = new Random(1);
        text = new PackedContexts([[.. Enumerable.Range(0, Contexts * Length).Select(i => i % Length == 0 ? 36 : random.Next(36))]], Contexts, Contexts, Length);
        tokens = text.ToTensor(Enumerable.Range(0, Contexts).Select(i => (long)i));
    }

    public void Dispose()
    {
        scope.Dispose();
        model.Dispose();
        weights.Dispose();
    }

    [Fact]
    public void Evaluate_OfThePerfectReplacement_RecoversEverything()
    {
        CostOfReplacement cost = Evaluate(Mlp(1, new FunctionLayer(x => OwnMlp(1, x))));
        Assert.Equal(1, cost.CrossEntropyRecovered, 1e-5);
        Assert.Equal(0, cost.Kl, 1e-6);
        Assert.Equal(0, cost.Fvu!.Value, 1e-9);
        Assert.Equal(cost.CrossEntropy.Model, cost.CrossEntropy.Spliced, 1e-6);
        Assert.Equal(0, cost.CrossEntropyIncrease.Spliced, 1e-6);
    }

    [Fact]
    public void Evaluate_OfZeros_RecoversNothing()
    {
        CostOfReplacement cost = Evaluate(Mlp(1, new FunctionLayer(x => zeros_like(x))));
        Assert.Equal(cost.CrossEntropy.ZeroAblated, cost.CrossEntropy.Spliced);
        Assert.Equal(0, cost.CrossEntropyRecovered);
        Assert.True(cost.Kl > 1e-3);
        Assert.True(Math.Abs(cost.CrossEntropyIncrease.ZeroAblated) > 1e-3, "Ablation costs nothing: the test shows nothing.");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Evaluate_EqualsWholePassesWithTheLayerSwapped(int layer)
    {
        using ILayer transcoder = Random(layer);
        CostOfReplacement cost = Evaluate(Mlp(layer, transcoder));
        Direct(cost.CrossEntropy.Model, cost.StandardErrors.CrossEntropy.Model, () => new NoChange());
        Direct(cost.CrossEntropy.Spliced, cost.StandardErrors.CrossEntropy.Spliced, () => LayerSwap.Mlp(model, layer, x => transcoder.Forward(x)));
        Direct(cost.CrossEntropy.ZeroAblated, cost.StandardErrors.CrossEntropy.ZeroAblated, () => LayerSwap.Constant(model, HookPoint.MlpOutput(layer), zeros(12)));
        Tensor mean = Outputs(layer).mean([0]);
        Direct(cost.CrossEntropy.MeanAblated, cost.StandardErrors.CrossEntropy.MeanAblated, () => LayerSwap.Constant(model, HookPoint.MlpOutput(layer), mean));

        Assert.Equal(cost.CrossEntropy.Spliced - cost.CrossEntropy.Model, cost.CrossEntropyIncrease.Spliced, 1e-12);
        Assert.Equal(
            (cost.CrossEntropy.ZeroAblated - cost.CrossEntropy.Spliced) / (cost.CrossEntropy.ZeroAblated - cost.CrossEntropy.Model),
            cost.CrossEntropyRecovered, 1e-9);
        Assert.Equal((Contexts, Contexts * Length, 0), (cost.Contexts, (int)cost.Tokens, cost.SkipFirst));
        Assert.Equal(3, cost.L0!.Value, 1.0);

        void Direct(double mean, double error, Func<IDisposable> alter)
        {
            double[] losses = PerContext(alter, skip: 0);
            double average = losses.Average();
            Assert.Equal(average, mean, 1e-6);
            Assert.Equal(Math.Sqrt(losses.Sum(v => (v - average) * (v - average)) / (Contexts - 1) / Contexts), error, 1e-6);
        }
    }

    [Fact]
    public void Evaluate_OfSeveralAtOnePlace_GivesWhatEachAloneGives()
    {
        using ILayer first = Random(1), second = Random(2);
        IReadOnlyList<CostOfReplacement> both = Evaluate(new EvaluationOptions(), Mlp(1, first), Mlp(1, second));

        Assert.Equal([Evaluate(Mlp(1, first)), Evaluate(Mlp(1, second))], both);
        Assert.NotEqual(both[0].Kl, both[1].Kl);
        Assert.Equal(both[0].CrossEntropy.MeanAblated, both[1].CrossEntropy.MeanAblated);
    }

    [Fact]
    public void Evaluate_LeavesOutTheFirstPositions()
    {
        using ILayer transcoder = Random(1);
        CostOfReplacement cost = Evaluate(new EvaluationOptions { SkipFirst = 3 }, Mlp(1, transcoder))[0];
        Assert.Equal(PerContext(() => new NoChange(), skip: 3).Average(), cost.CrossEntropy.Model, 1e-6);
        Assert.Equal(PerContext(() => LayerSwap.Mlp(model, 1, x => transcoder.Forward(x)), skip: 3).Average(), cost.CrossEntropy.Spliced, 1e-6);
        Assert.Equal((3, Contexts * (Length - 3)), (cost.SkipFirst, (int)cost.Tokens));

        Tensor t = Kept(Outputs(1), 3), y = Kept(transcoder.Forward(Inputs(1)), 3);
        Assert.Equal(((y - t).square().sum() / (t - t.mean([0])).square().sum()).ToDouble(), cost.Fvu!.Value, 1e-5);
    }

    [Fact]
    public void Evaluate_GivesOtherPositions_WhereTheyDifferByMoreThanFivePercent()
    {
        // Wrong at the first position of each context alone; all contexts begin with the same token, hence with the same input.
        Tensor first = Inputs(1)[0];
        var layer = new FunctionLayer(x => where((x - first).abs().amax([1], keepdim: true) < 1e-5, tensor(5f), OwnMlp(1, x)));
        CostOfReplacement cost = Evaluate(Mlp(1, layer));
        Assert.NotNull(cost.Elsewhere);
        Assert.Equal((0, 1), (cost.SkipFirst, cost.Elsewhere.SkipFirst));
        Assert.Equal(0, cost.Elsewhere.Fvu!.Value, 1e-9);
        Assert.True(cost.Fvu > 0.1);
        Assert.Null(cost.Elsewhere.Elsewhere);
    }

    [Fact]
    public void Evaluate_OfSeveral_AddsAllTogether()
    {
        using ILayer first = Random(0), second = Random(2);
        IReadOnlyList<CostOfReplacement> costs = Evaluate(new EvaluationOptions(), Mlp(0, first), Mlp(2, second));
        Assert.Equal(3, costs.Count);
        Assert.Equal(Evaluate(Mlp(0, first)), costs[0]);
        Assert.Equal(Evaluate(Mlp(2, second)), costs[1]);
        Assert.Equal(PerContext(() => Both(i => LayerSwap.Mlp(model, i, x => (i == 0 ? first : second).Forward(x))), 0).Average(), costs[2].CrossEntropy.Spliced, 1e-6);
        Assert.Equal(PerContext(() => Both(i => LayerSwap.Constant(model, HookPoint.MlpOutput(i), zeros(12))), 0).Average(), costs[2].CrossEntropy.ZeroAblated, 1e-6);
        Tensor[] means = [Outputs(0).mean([0]), Outputs(2).mean([0])];
        Assert.Equal(
            PerContext(() => Both(i => LayerSwap.Constant(model, HookPoint.MlpOutput(i), means[i / 2])), 0).Average(), costs[2].CrossEntropy.MeanAblated, 1e-6);
        Assert.Null(costs[2].Fvu);

        IDisposable Both(Func<int, IDisposable> make) => new NoChange(make(0), make(2));
    }

    [Fact]
    public void Sets_CostWhatWholePassesWithAllTheirLayersSwappedCost()
    {
        using DisposeScope inTest = NewDisposeScope();
        ILayer[] layers = [Random(0), Random(1), Random(2)];
        Replacement[] replacements = [Mlp(2, layers[2]), Mlp(0, layers[0]), Mlp(1, layers[1])];
        // The second and third go on from the set before; the fourth does not, and the last begins anew.
        int[][] sets = [[1], [1, 2], [1, 2, 0], [1, 0], [0, 2]];
        ReplacementCosts costs = new ReplacementEvaluator(model, text, new EvaluationOptions()).Evaluate(replacements, sets, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal([.. Evaluate(new EvaluationOptions { MeasuresTogether = false }, replacements)], costs.Alone);
        Tensor[] means = [.. Enumerable.Range(0, 3).Select(i => Outputs(i).mean([0]))];
        foreach ((int[] set, SetCost cost) in sets.Zip(costs.Sets))
        {
            int[] places = [.. set.Select(i => replacements[i].Output.Layer)];
            Assert.Equal(PerContext(() => All(places, i => LayerSwap.Mlp(model, i, x => layers[i].Forward(x))), 0).Average(), cost.Cost.CrossEntropy.Spliced, 1e-6);
            Assert.Equal(PerContext(() => All(places, i => LayerSwap.Constant(model, HookPoint.MlpOutput(i), zeros(12))), 0).Average(), cost.Cost.CrossEntropy.ZeroAblated, 1e-6);
            Assert.Equal(PerContext(() => All(places, i => LayerSwap.Constant(model, HookPoint.MlpOutput(i), means[i])), 0).Average(), cost.Cost.CrossEntropy.MeanAblated, 1e-6);
            Assert.Equal(set.Sum(i => costs.Alone[i].CrossEntropyIncrease.Spliced), cost.SumOfIncreases.Spliced, 1e-9);
            Assert.Equal(cost.Cost.CrossEntropyIncrease.Spliced - cost.SumOfIncreases.Spliced, cost.BeyondSum.Spliced, 1e-9);
            Assert.Equal(cost.Cost.CrossEntropyIncrease.MeanAblated - cost.SumOfIncreases.MeanAblated, cost.BeyondSum.MeanAblated, 1e-9);
        }
        Assert.Equal(costs.Alone[1], costs.Sets[0].Cost with { Fvu = costs.Alone[1].Fvu, NormScaledMse = costs.Alone[1].NormScaledMse, L0 = costs.Alone[1].L0, DeadFraction = costs.Alone[1].DeadFraction, ZeroNormTargets = costs.Alone[1].ZeroNormTargets, Elsewhere = costs.Alone[1].Elsewhere });
        Assert.Equal((0.0, 0.0), (costs.Sets[0].BeyondSum.Spliced, costs.Sets[0].StandardErrors.BeyondSum.Spliced));
        Assert.True(costs.Sets[2].StandardErrors.BeyondSum.Spliced > 0 && Math.Abs(costs.Sets[2].BeyondSum.Spliced) > 1e-4, "The layers add up exactly: the test shows nothing.");

        IDisposable All(int[] places, Func<int, IDisposable> make) => new NoChange([.. places.Select(make)]);
    }

    [Fact]
    public void Evaluate_OfSeveralAtOneLayer_HasNoEntryOfAllTogether()
    {
        using ILayer first = Random(0), second = Random(2);
        Assert.Equal(2, Evaluate(new EvaluationOptions(), Mlp(1, first), Mlp(1, second)).Count);
    }

    [Fact]
    public void Evaluate_IsTheSame_InBatchesOfAnySize()
    {
        using ILayer transcoder = Random(1);
        CostOfReplacement expected = Evaluate(new EvaluationOptions { BatchTokens = 1 }, Mlp(1, transcoder))[0];
        foreach (int batch in new[] { 4, 11, 100 })
        {
            CostOfReplacement cost = Evaluate(new EvaluationOptions { BatchTokens = batch * 8 }, Mlp(1, transcoder))[0];
            Assert.Equal(expected.CrossEntropy.Spliced, cost.CrossEntropy.Spliced, 1e-6);
            Assert.Equal(expected.Kl, cost.Kl, 1e-6);
            Assert.Equal(expected.Fvu!.Value, cost.Fvu!.Value, 1e-6);
        }
    }

    [Fact]
    public void Evaluate_UsesTheFirstContexts()
    {
        using ILayer transcoder = Random(1);
        CostOfReplacement cost = Evaluate(new EvaluationOptions { Contexts = 4 }, Mlp(1, transcoder))[0];
        Assert.Equal(PerContext(() => new NoChange(), 0).Take(4).Average(), cost.CrossEntropy.Model, 1e-6);
        Assert.Equal(4, cost.Contexts);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(9)]
    [InlineData(500)]
    public void Evaluate_RefusesToLeaveOutEveryPrediction(int skip)
    {
        string message = Assert.Throws<MxdInputException>(() => Evaluate(new EvaluationOptions { SkipFirst = skip }, Mlp(1, new FunctionLayer(x => x)))).Message;
        Assert.Equal($"--skip-first is {skip}, but contexts have 10 tokens and the last predicts none: give 0 to 8.", message);
    }

    [Fact]
    public void Evaluate_RestoresTheModel_AndLeavesNothingAlive_EvenAfterAnException()
    {
        Tensor clean = model.Forward(tokens);
        using ILayer transcoder = Random(1);
        Assert.Equal(0, LiveTensors.LeftBy(() => Evaluate(Mlp(1, transcoder))));
        int calls = 0;
        var failing = new FunctionLayer(x => ++calls > 2 ? throw new InvalidOperationException("on purpose") : x * 1);
        Assert.Throws<InvalidOperationException>(() => Evaluate(new EvaluationOptions { BatchTokens = 48 }, Mlp(0, transcoder), Mlp(1, failing)));
        GoldenTensors.AssertClose(clean, model.Forward(tokens), 0, "hidden");
    }

    [Fact]
    public void TextScorer_EqualsTheModelsOwnCrossEntropy()
    {
        Score score = TextScorer.Score(model, text, cancellation: TestContext.Current.CancellationToken);
        double[] losses = PerContext(() => new NoChange(), 0);
        Assert.Equal(losses.Average(), score.CrossEntropy, 1e-6);
        Assert.Equal((Contexts * Length, Contexts * (Length - 1), Contexts), ((int)score.Tokens, (int)score.Predictions, (int)score.Contexts));
    }

    private static Replacement Mlp(int layer, ILayer replacement) => new(replacement, HookPoint.MlpInput(layer), HookPoint.MlpOutput(layer));

    private static ILayer Random(int seed) =>
        RandomLayers.Create(RandomLayers.Options("transcoder", units: 20, k: 3) with { InputWidth = 12, OutputWidth = 12 }, seed);

    private CostOfReplacement Evaluate(Replacement replacement) => Evaluate(new EvaluationOptions(), replacement)[0];

    private IReadOnlyList<CostOfReplacement> Evaluate(EvaluationOptions options, params Replacement[] replacements) =>
        new ReplacementEvaluator(model, text, options).Evaluate(replacements, cancellation: TestContext.Current.CancellationToken);

    private double[] PerContext(Func<IDisposable> alter, int skip)
    {
        using IDisposable altered = alter();
        Tensor logits = TinyLlama.AllLogits(model, tokens).narrow(1, 0, Length - 1).to(ScalarType.Float64).log_softmax(-1);
        Tensor losses = logits.gather(2, tokens.narrow(1, 1, Length - 1).unsqueeze(2)).squeeze(2).neg();
        return losses.narrow(1, skip, Length - 1 - skip).mean([1]).data<double>().ToArray();
    }

    private Tensor Inputs(int layer) => new Harvester(model, HookPoint.MlpInput(layer)).Harvest(tokens).Values[0];

    private Tensor Outputs(int layer) => new Harvester(model, HookPoint.MlpOutput(layer)).Harvest(tokens).Values[0];

    private static Tensor Kept(Tensor rows, int skip) => rows.reshape(-1, Length, 12).narrow(1, skip, Length - skip).reshape(-1, 12);

    private Tensor OwnMlp(int layer, Tensor x)
    {
        BlockWeights block = weights.Blocks[layer];
        Tensor branches = matmul(x * block.MlpNorm.Scale, block.MlpIn.Weight.t());
        return matmul(nn.functional.silu(branches.narrow(1, 0, 20)) * branches.narrow(1, 20, 20), block.MlpOut.Weight.t());
    }

    private sealed class NoChange(params IDisposable[] parts) : IDisposable
    {
        public void Dispose() => Array.ForEach(parts, part => part.Dispose());
    }
}
