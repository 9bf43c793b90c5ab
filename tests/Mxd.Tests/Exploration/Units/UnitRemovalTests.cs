using Mxd.Activations;
using Mxd.Evaluation;
using Mxd.Exploration.Units;
using Mxd.LanguageModels;
using Mxd.LanguageModels.Families;
using Mxd.Layers;
using Mxd.Tests.LanguageModels;
using Mxd.Tests.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Exploration.Units;

public sealed class UnitRemovalTests : IDisposable
{
    private const int Vocabulary = 37, Length = 10, Unit = 5;

    private readonly LlamaModel model = TinyLlama.Create();
    private readonly PackedContexts text;

    public UnitRemovalTests()
    {
        var random = new Random(7);
        text = new PackedContexts([[.. Enumerable.Range(0, 6 * Length).Select(i => i % Length == 0 ? 0 : random.Next(Vocabulary))]], 6, 6, Length);
    }

    public void Dispose() => model.Dispose();

    [Fact]
    public void AUnitThatAddsNothing_HasNoEffect()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ILayer layer = Layer("mxd", 3);
        layer.Parameter("W_cond").Value[Unit].zero_();
        UnitEffect effect = Measure(layer, Contexts(layer, HookPoint.MlpInput(1)), HookPoint.MlpInput(1))!;
        Assert.InRange(effect.Active, 1, 6 * Length);
        Assert.Equal((0.0, 0.0), (effect.CrossEntropy, effect.CrossEntropyOverall));
        Assert.Equal(0, effect.Kl, 1e-9);
    }

    /// <summary>Losses, computed once more from the layer's definition, with the unit's coefficient set to zero.</summary>
    [Theory]
    [InlineData("mxd")]
    [InlineData("skip-transcoder")]
    [InlineData("sae")]
    public void Effect_IsThatOfTheCoefficientAlone(string type)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ILayer layer = Layer(type, 3);
        HookPoint output = HookPoint.MlpOutput(1), input = type == "sae" ? output : HookPoint.MlpInput(1);
        long[] contexts = Contexts(layer, input);
        UnitEffect effect = Measure(layer, contexts, input)!;

        Tensor tokens = text.ToTensor(contexts);
        Tensor x = Value(tokens, input), inside = tensor([.. Enumerable.Range(0, contexts.Length * Length).Select(i => i % Length != 0)]);
        Tensor dense = layer.Encode(x).ToDense(), isActive = (dense.select(1, Unit) > tensor(0f)).logical_and(inside), without = dense.clone();
        without.select(1, Unit).zero_();
        Tensor y = layer.Decode(new DenseCodes(dense), x).to(ScalarType.Float64), less = layer.Decode(new DenseCodes(without), x).to(ScalarType.Float64);
        Assert.Equal(isActive.sum().ToInt64(), effect.Active);

        Tensor with = LogProbabilities(tokens, y), removed = LogProbabilities(tokens, less), next = tokens.narrow(1, 1, Length - 1).unsqueeze(2);
        Tensor change = (with.gather(2, next) - removed.gather(2, next)).squeeze(2), divergence = (with.exp() * (with - removed)).sum(2);
        Tensor predicts = isActive.view(contexts.Length, Length).narrow(1, 0, Length - 1);
        Assert.Equal(change.mean().ToDouble(), effect.CrossEntropyOverall, 1e-5);
        Assert.Equal(divergence.mean().ToDouble(), effect.KlOverall, 1e-5);
        Assert.Equal(change.masked_select(predicts).mean().ToDouble(), effect.CrossEntropy, 1e-5);
        Assert.Equal(divergence.masked_select(predicts).mean().ToDouble(), effect.Kl, 1e-5);
        Assert.True(effect.Kl > 1e-6);
    }

    [Fact]
    public void WhereItIsNotActive_ThereIsNone()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ILayer layer = Layer("mxd", 3);
        layer.Parameter("gate").Value[Unit].zero_();
        layer.Parameter("gate_bias").Value[Unit].fill_(-1);
        Assert.Null(Measure(layer, [0, 1], HookPoint.MlpInput(1)));
    }

    private static ILayer Layer(string type, int k) =>
        RandomLayers.Create(RandomLayers.Options(type, units: 8, k: k) with { InputWidth = 12, OutputWidth = 12 }, seed: 3);

    private UnitEffect? Measure(ILayer layer, long[] contexts, HookPoint input)
    {
        var replacement = new Replacement(layer, input, HookPoint.MlpOutput(1));
        return new UnitRemoval(model, replacement, Unit).Measure(text, contexts, null, default);
    }

    /// <summary>Contexts in which the unit is active, first tokens apart.</summary>
    private long[] Contexts(ILayer layer, HookPoint input)
    {
        Tensor coefficients = layer.Encode(Value(text.ToTensor(Enumerable.Range(0, 6).Select(i => (long)i)), input)).CoefficientOf(Unit).view(6, Length).narrow(1, 1, Length - 1);
        long[] found = [.. Enumerable.Range(0, 6).Where(i => coefficients[i].max().ToSingle() > 0).Select(i => (long)i)];
        Assert.NotEmpty(found);
        return found;
    }

    private Tensor Value(Tensor tokens, HookPoint point)
    {
        using ActivationRows rows = new Harvester(model, point).Harvest(tokens);
        return rows[point].clone();
    }

    private Tensor LogProbabilities(Tensor tokens, Tensor output)
    {
        using var swap = new LayerSwap(model, HookPoint.MlpOutput(1), HookPoint.MlpOutput(1), (_, _) => output.to(ScalarType.Float32));
        return model.Logits(model.Forward(tokens)).to(ScalarType.Float64).log_softmax(-1).narrow(1, 0, Length - 1);
    }
}
