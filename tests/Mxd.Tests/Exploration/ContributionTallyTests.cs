using Mxd.Activations;
using Mxd.Evaluation;
using Mxd.Exploration;
using Mxd.LanguageModels;
using Mxd.LanguageModels.Families;
using Mxd.Layers;
using Mxd.Tests.Activations;
using Mxd.Tests.LanguageModels;
using Mxd.Tests.LanguageModels.Generation;
using Mxd.Tests.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Exploration;

public class ContributionTallyTests
{
    private const int Length = 10, Contexts = 6, Width = 12, Units = 8;

    /// <summary>Of every unit, in batches of any size, against the layer run once more without it.</summary>
    [Theory]
    [InlineData("mxd", 10)]
    [InlineData("glu-skip-mxd", 25)]
    [InlineData("skip-transcoder", 1000)]
    [InlineData("sae", 30)]
    [InlineData("glu-transcoder", 20)]
    public void EveryUnitsShare_IsThatOfRemovingIt(string type, int batchTokens)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using LlamaModel model = TinyLlama.Create();
        using ILayer layer = RandomLayers.Create(Options(type), seed: 3);
        HookPoint output = HookPoint.MlpOutput(1), input = type == "sae" ? output : HookPoint.MlpInput(1);
        PackedContexts text = RandomText();
        var options = new ExplorationOptions { MeasuresContributions = true, BatchTokens = batchTokens };
        ContributionTally tally = new UnitExplorer(model, text, new NumberTokenizer(37), options).Explore(new Replacement(layer, input, output)).Contributions!;

        using ActivationRows rows = new Harvester(model, input, output).Harvest(text.ToTensor(Enumerable.Range(0, Contexts).Select(i => (long)i)));
        Tensor inside = tensor([.. Enumerable.Range(0, Contexts * Length).Select(i => i % Length != 0)]);
        Tensor x = rows[input], t = rows[output].to(ScalarType.Float64);
        Tensor spread = (t - t[inside].mean([0], keepdim: true)).pow(2).sum(1);
        SparseCodes codes = layer.Encode(x);
        Tensor y = layer.Decode(codes, x).to(ScalarType.Float64), error = (t - y).pow(2).sum(1);
        int seen = 0;
        bool hasNegative = false;
        for (int unit = 0; unit < Units; unit++)
        {
            Tensor isActive = (codes.CoefficientOf(unit) > tensor(0f)).logical_and(inside), less = layer.Decode(codes.Without(unit), x).to(ScalarType.Float64);
            long active = isActive.sum().ToInt64();
            Assert.Equal(active, tally.Active(unit));
            if (active == 0) continue;
            seen++;
            Tensor growth = ((t - less).pow(2).sum(1) - error).masked_select(isActive).sum();
            Assert.Equal((growth / spread.masked_select(isActive).sum()).ToDouble(), tally.ShareWhereActive(unit), 1e-4);
            Tensor everywhere = ((t - less).pow(2).sum(1) - error)[inside].sum();
            Assert.Equal((everywhere / spread[inside].sum()).ToDouble(), tally.Fvu(unit), 1e-5 * (1 + Math.Abs(tally.Fvu(unit)))); // What float32 outputs of the layer leave.
            hasNegative |= (codes.CoefficientOf(unit) < tensor(0f)).any().ToBoolean();
            Tensor mean = (y - less)[isActive].mean([0]);
            Assert.InRange((mean - tally.MeanContribution(unit)).abs().max().ToDouble(), 0, 1e-5);
        }
        Assert.InRange(seen, 2, Units);
        // A factor that may be below zero makes coefficients that are.
        Assert.Equal(type == "glu-transcoder", hasNegative);
    }

    /// <summary>FVU with one unit less is what the evaluation measures of a layer whose unit adds nothing, first tokens apart.</summary>
    [Fact]
    public void GrowthOfFvu_IsWhatTheEvaluationMeasures()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using LlamaModel model = TinyLlama.Create();
        using ILayer layer = RandomLayers.Create(RandomLayers.Options("transcoder", Units, Units) with { InputWidth = Width, OutputWidth = Width }, seed: 3);
        var replacement = new Replacement(layer, HookPoint.MlpInput(1), HookPoint.MlpOutput(1));
        PackedContexts text = RandomText();
        ContributionTally tally = new UnitExplorer(model, text, new NumberTokenizer(37), new ExplorationOptions { MeasuresContributions = true }).Explore(replacement).Contributions!;
        var evaluator = new ReplacementEvaluator(model, text, new EvaluationOptions { SkipFirst = 1 });
        double before = evaluator.Reconstruct(replacement).Fvu;
        int unit = Enumerable.Range(0, Units).MaxBy(tally.Active);
        layer.UnitDecoder!.Value[unit].zero_();
        Assert.Equal(evaluator.Reconstruct(replacement).Fvu - before, tally.Fvu(unit), 1e-5);
    }

    [Fact]
    public void ALayerThatDoesNotSayWhatItsUnitsAdd_IsRefused()
    {
        using DisposeScope scope = NewDisposeScope();
        using var model = new CountingModel(Length);
        using var layer = new DecodingLayer();
        var explorer = new UnitExplorer(model, model.Contexts(2), new NumberTokenizer(2 * Length), new ExplorationOptions { MeasuresContributions = true });
        Assert.Throws<NotSupportedException>(() => explorer.Explore(new Replacement(layer, HookPoint.MlpInput(0), HookPoint.MlpOutput(0))));
    }

    private static LayerOptions Options(string type)
    {
        LayerOptions options = RandomLayers.Options(type, Units, 3) with { InputWidth = Width, OutputWidth = Width };
        return type == "glu-transcoder" ? options with { Sparsity = new Sparsity.L1(0.1) } : options;
    }

    private static PackedContexts RandomText()
    {
        var random = new Random(7);
        return new PackedContexts([[.. Enumerable.Range(0, Contexts * Length).Select(i => i % Length == 0 ? 36 : random.Next(36))]], Contexts, Contexts, Length);
    }

    /// <summary>A layer of somebody else's.</summary>
    private sealed class DecodingLayer : ILayer
    {
        private readonly Parameter place = new("place", zeros(1));

        public LayerOptions Options { get; } = RandomLayers.Options("transcoder", 3, 3) with { InputWidth = 4, OutputWidth = 4 };

        public IReadOnlyList<Parameter> Parameters => [place];

        public Parameter? UnitDecoder => null;

        public SparseCodes Encode(Tensor x) => new DenseCodes(ones(x.shape[0], 3));

        public Tensor Decode(SparseCodes codes, Tensor x) => zeros(x.shape[0], 4);

        public void Dispose() => place.Dispose();
    }
}
