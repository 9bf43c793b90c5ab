using System.Text.Json;
using Mxd.Activations;
using Mxd.Evaluation;
using Mxd.Exploration;
using Mxd.LanguageModels;
using Mxd.LanguageModels.Families;
using Mxd.Layers;
using Mxd.Metrics;
using Mxd.Runtime;
using Mxd.Tests.Activations;
using Mxd.Tests.LanguageModels;
using Mxd.Tests.LanguageModels.Generation;
using Mxd.Tests.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Exploration;

public sealed class UnitExplorerTests : IDisposable
{
    private const int Length = 12, Contexts = 30;

    private readonly CountingModel model = new(Length);
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly NumberTokenizer tokenizer = new(Length * Contexts);

    public void Dispose()
    {
        scope.Dispose();
        model.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Usage_CountsEveryPosition(bool isDense)
    {
        UnitUsage usage = Explore(new PlaceLayer(4, Coefficient, isDense)).Usage;
        Assert.Equal((Contexts, Contexts * Length, 4), (usage.Contexts, usage.Tokens, usage.Units));
        for (int unit = 0; unit < 4; unit++)
        {
            float[] active = [.. Places().Select(p => Coefficient(p.Context, p.Position, unit)).Where(v => v > 0)];
            Assert.Equal(active.Length, usage.Counts[unit]);
            Assert.Equal(active.Sum(v => (double)v), usage.Sums[unit], 1e-9);
            Assert.Equal(active.DefaultIfEmpty(0).Max(), usage.Maxima[unit]);
            Assert.Equal((double)active.Length / (Contexts * Length), usage.Frequency(unit));
        }
        Assert.Null(usage.Mean(3));

        static float Coefficient(int context, int position, int unit) => unit == 3 ? -1 : (context * 7 + position * 3) % (5 + unit) - 2;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Strongest_AreOneAContext_WithTheValueOfEveryToken(bool isDense)
    {
        // In context c the unit rises to c % 10 at position 6, beside smaller values before and after; contexts 9, 19 and 29 are strongest.
        var layer = new PlaceLayer(1, (context, position, _) => position switch { 6 => context % 10, 5 => context % 10 - 1, 9 => 0.5f, _ => 0 }, isDense);
        UnitContexts unit = Explore(layer, new ExplorationOptions { Strongest = 4, Before = 2, After = 3 }).ContextsOf(0);

        Assert.Equal([9, 19, 29, 8], unit.Strongest.Select(s => s.Context));
        Assert.Equal([9.0, 9, 9, 8], unit.Strongest.Select(s => s.Activation));
        UnitExcerpt first = unit.Strongest[0];
        Assert.Equal((4, 2), (first.Start, first.Peak));
        Assert.Equal([0, 8, 9, 0, 0, 0.5f], first.Values);
        Assert.Equal(["112 ", "113 ", "114 ", "115 ", "116 ", "117 "], first.Tokens);
        Assert.Equal(30, unit.Contexts);
        Assert.Equal(9, unit.Maximum);
    }

    [Fact]
    public void Excerpts_EndWithTheContext_AndPeaksAreTheFirstOfEqualOnes()
    {
        var layer = new PlaceLayer(2, (_, position, unit) => unit == 0 ? (position >= 10 ? 1 : 0) : position is 1 or 2 ? 2 : 0);
        UnitSurvey survey = Explore(layer, new ExplorationOptions { Before = 3, After = 3 });
        UnitExcerpt late = survey.ContextsOf(0).Strongest[0], early = survey.ContextsOf(1).Strongest[0];
        Assert.Equal((7, 3, 5), (late.Start, late.Peak, late.Tokens.Count));
        Assert.Equal([0, 0, 0, 1, 1f], late.Values);
        Assert.Equal((0, 1, 5), (early.Start, early.Peak, early.Tokens.Count));
    }

    [Fact]
    public void FirstTokens_CountAsUsage_AndAreNotShown()
    {
        var layer = new PlaceLayer(2, (_, position, unit) => position == 0 ? 5 : unit == 1 && position == 4 ? 1 : 0);
        UnitSurvey survey = Explore(layer);
        Assert.Equal([Contexts, 2 * Contexts], survey.Usage.Counts);
        Assert.Empty(survey.ContextsOf(0).Strongest);
        Assert.Equal(0, survey.ContextsOf(0).Contexts);
        Assert.All(survey.ContextsOf(1).Strongest, s => Assert.Equal(1, s.Activation));
    }

    [Fact]
    public void Spread_CoversTheRange_WithoutTheStrongest()
    {
        var layer = new PlaceLayer(1, (context, position, _) => position == 3 ? 1 + context : 0);
        var options = new ExplorationOptions { Strongest = 3, Spread = 4, Sample = Contexts };
        UnitContexts unit = Explore(layer, options).ContextsOf(0);
        // The largest is 30; (i - ½)/4 of it are 26.25, 18.75, 11.25 and 3.75; of two as near, the earlier context.
        Assert.Equal([30.0, 29, 28], unit.Strongest.Select(s => s.Activation));
        Assert.Equal([26.0, 19, 11, 4], unit.Spread.Select(s => s.Activation));

        UnitContexts sampled = Explore(layer, options with { Sample = 8 }).ContextsOf(0);
        Assert.Equal(4, sampled.Spread.Count);
        Assert.Empty(sampled.Spread.Select(s => s.Context).Intersect(sampled.Strongest.Select(s => s.Context)));
        Assert.Equal(sampled.Spread.OrderByDescending(s => s.Activation), sampled.Spread);
    }

    [Fact]
    public void Explore_UsesTheFirstContexts_InBatchesOfAnySize()
    {
        var layer = new PlaceLayer(3, (context, position, unit) => (context * 7 + position * 3 + unit) % 11 - 5);
        string expected = Everything(1);
        Assert.Equal(expected, Everything(50));
        Assert.Equal(expected, Everything(100_000));

        string Everything(int batch)
        {
            UnitSurvey survey = Explore(layer, new ExplorationOptions { Contexts = 17, BatchTokens = batch });
            Assert.Equal(17, survey.Usage.Contexts);
            return JsonSerializer.Serialize(survey.Usage, Json.Compact) + JsonSerializer.Serialize(Enumerable.Range(0, 3).Select(survey.ContextsOf), Json.Compact);
        }
    }

    [Fact]
    public void Explore_RunsTheModelOnce_ForSeveralLayers()
    {
        var first = new PlaceLayer(1, (_, position, _) => position);
        var second = new PlaceLayer(2, (context, _, _) => context);
        var explorer = new UnitExplorer(model, model.Contexts(Contexts), tokenizer, new ExplorationOptions { BatchTokens = Contexts * Length });
        IReadOnlyList<UnitSurvey> surveys = explorer.Explore([At(1, first), At(0, second)]);
        Assert.Equal(2, model.BlocksRun);
        Assert.Equal([11.0, 29], surveys.Select(s => (double)s.Usage.Maxima[0]));
        Assert.Equal([1, 2], surveys.Select(s => s.Usage.Units));
    }

    [Fact]
    public void Explore_LeavesNoTensorsAlive()
    {
        var layer = new PlaceLayer(3, (context, position, _) => context - position);
        Assert.Equal(0, LiveTensors.LeftBy(() => Explore(layer)));
    }

    [Fact]
    public void Explore_RefusesALayerWithoutUnits()
    {
        using ILayer dense = RandomLayers.Create(RandomLayers.Options("dense", 0, 0) with { InputWidth = 4, OutputWidth = 4 }, 1);
        Assert.Contains("'dense' has no units", Assert.Throws<ArgumentException>(() => Explore(dense)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(RandomLayers.SparseTypes), MemberType = typeof(RandomLayers))]
    public void Usage_AgreesWithTheEvaluation_ForEveryType(string type)
    {
        using LlamaModel llama = TinyLlama.Create();
        var random = new Random(1);
        var text = new PackedContexts([[.. Enumerable.Range(0, 90).Select(i => i % 10 == 0 ? 36 : random.Next(36))]], 9, 9, 10);
        foreach (Sparsity sparsity in RandomLayers.Sparsities(type))
        {
            if (sparsity is not Sparsity.TopK && !LayerTypes.Get(type).HasPenalties) continue;
            using ILayer layer = RandomLayers.Create(RandomLayers.Options(type, 12, 3) with { InputWidth = 12, OutputWidth = 12, Sparsity = sparsity }, 1);
            HookPoint input = LayerTypes.Get(type).IsAutoencoder ? HookPoint.MlpOutput(1) : HookPoint.MlpInput(1);
            var replacement = new Replacement(layer, input, HookPoint.MlpOutput(1));
            UsageSummary usage = new UnitExplorer(llama, text, new NumberTokenizer(37), new ExplorationOptions()).Explore(replacement).Usage.Summarise();
            Reconstruction measured = new ReplacementEvaluator(llama, text, new EvaluationOptions()).Reconstruct(replacement);
            Assert.Equal(measured.L0, usage.L0, 1e-12);
            Assert.Equal(measured.DeadFraction, (double)usage.Never / usage.Units, 1e-12);
            Assert.Equal(usage.Units - usage.Never, usage.Histogram.Counts.Sum());
        }
    }

    private static Replacement At(int layer, ILayer replacement) => new(replacement, HookPoint.MlpInput(layer), HookPoint.MlpOutput(layer));

    private static IEnumerable<(int Context, int Position)> Places() =>
        Enumerable.Range(0, Contexts).SelectMany(c => Enumerable.Range(0, Length).Select(p => (c, p)));

    private UnitSurvey Explore(ILayer layer, ExplorationOptions? options = null) =>
        new UnitExplorer(model, model.Contexts(Contexts), tokenizer, options ?? new ExplorationOptions()).Explore(At(1, layer), cancellation: TestContext.Current.CancellationToken);
}
