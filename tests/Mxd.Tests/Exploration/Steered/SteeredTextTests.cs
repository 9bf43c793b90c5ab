using Mxd.Evaluation;
using Mxd.Exploration.Steered;
using Mxd.LanguageModels;
using Mxd.LanguageModels.Families;
using Mxd.LanguageModels.Generation;
using Mxd.Layers;
using Mxd.Tests.LanguageModels;
using Mxd.Tests.LanguageModels.Generation;
using Mxd.Tests.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Exploration.Steered;

public sealed class SteeredTextTests : IDisposable
{
    private static readonly int[] prompt = [3, 5, 7];
    private static readonly GenerationOptions greedy = new() { MaximumTokens = 12, Sampling = new SamplingOptions { Temperature = 0 } };

    private readonly LlamaModel model = TinyLlama.Create();
    private readonly Replacement replacement;

    public SteeredTextTests()
    {
        LayerOptions options = RandomLayers.Options("mxd", units: 16, k: 2) with { InputWidth = 12, OutputWidth = 12 };
        replacement = new Replacement(RandomLayers.Create(options, seed: 2), HookPoint.MlpInput(1), HookPoint.MlpOutput(1));
    }

    public void Dispose()
    {
        replacement.Layer.Dispose();
        model.Dispose();
    }

    [Fact]
    public void ACoefficientOfZero_ChangesNothing()
    {
        SteeredText text = Compare(0);
        Assert.Equal(text.Before, text.After);
        Assert.Equal(0, text.Divergence, 1e-12);
    }

    [Fact]
    public void Divergence_IsThatOfThePredictionsAfterThePrompt()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        double[] plain = Predict(null), steered = Predict(new Steering(new Dictionary<long, double> { [5] = 30 }));
        double expected = steered.Zip(plain, (p, q) => p * Math.Log(p / q)).Sum();
        Assert.True(expected > 1e-4);
        Assert.Equal(expected, Compare(30).Divergence, 1e-9);
    }

    [Fact]
    public void Texts_AreThoseOfTheGenerator()
    {
        SteeredText text = Compare(500);
        using (replacement.Splice(model)) Assert.Equal(new TextGenerator(model, new NumberTokenizer(37)).Generate(prompt, greedy).Samples[0].Text, text.Before);
        Assert.NotEqual(text.Before, text.After);
    }

    /// <summary>The prompt is read as it is, and its last token steered: what it predicts depends on that token's unit alone.</summary>
    [Fact]
    public void FromThePromptsEnd_EarlierTokensAreNotSteered()
    {
        using IDisposable noGrad = no_grad();
        var steering = new Steering(new Dictionary<long, double> { [5] = 30 });
        double everywhere = SteeredText.Measure(model, replacement, prompt, steering), atTheEnd = SteeredText.Measure(model, replacement, prompt, steering, fromEnd: true);
        Assert.True(atTheEnd > 1e-4);
        Assert.NotEqual(everywhere, atTheEnd, 1e-6);
        // Where the prompt is one token, both are the same.
        Assert.Equal(SteeredText.Measure(model, replacement, [3], steering), SteeredText.Measure(model, replacement, [3], steering, fromEnd: true), 1e-12);
        // A layer that is the same everywhere before the end gives the same hidden values there.
        Tensor tokens = tensor([.. prompt.Select(id => (long)id)]).unsqueeze(0);
        using DisposeScope scope = NewDisposeScope();
        Tensor plain, steered;
        using (replacement.Splice(model)) plain = model.Forward(tokens);
        using (replacement.SpliceAfterPrompt(model, steering)) steered = model.Forward(tokens);
        GoldenTensors.AssertClose(plain.narrow(1, 0, prompt.Length - 1), steered.narrow(1, 0, prompt.Length - 1), 1e-6, "before the end");
        Assert.True((plain.select(1, -1) - steered.select(1, -1)).norm().ToDouble() > 1e-3);
    }

    /// <summary>Every layer of a set is in place, and a unit of each may be steered at once.</summary>
    [Fact]
    public void OfSeveralLayers_AllAreInPlace_AndUnitsOfEachMayBeSteered()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        LayerOptions options = replacement.Layer.Options;
        using ILayer deeper = RandomLayers.Create(options, seed: 7);
        var second = new Replacement(deeper, HookPoint.MlpInput(2), HookPoint.MlpOutput(2));
        // Named in another order than they stand.
        var set = new ReplacementSet([second, replacement]);
        Steering first = new(new Dictionary<long, double> { [5] = 30 }), other = new(new Dictionary<long, double> { [3] = 20 });
        Tensor tokens = tensor([.. prompt.Select(id => (long)id)]).unsqueeze(0);
        foreach (Steering?[] steered in new Steering?[][] { [null, null], [other, null], [null, first], [other, first] })
        {
            Tensor expected, actual;
            using (replacement.Splice(model, steered[1]))
            using (second.Splice(model, steered[0])) expected = model.Forward(tokens);
            var byPlace = new Dictionary<int, Steering>();
            for (int i = 0; i < 2; i++)
                if (steered[i] is { } one) byPlace[i] = one;
            using (set.Splice(model, byPlace)) actual = model.Forward(tokens);
            GoldenTensors.AssertClose(expected, actual, 0, "hidden");
        }
        double both = Kl(new() { [0] = other, [1] = first }), alone = Kl(new() { [1] = first });
        Assert.True(alone > 1e-4);
        Assert.NotEqual(alone, both, 1e-6);
        Assert.Throws<ArgumentException>(() => new ReplacementSet([second, second]));

        double Kl(Dictionary<int, Steering> steering) => SteeredText.Measure(model, set, prompt, steering);
    }

    private SteeredText Compare(double coefficient) => SteeredText.Compare(model, replacement, new NumberTokenizer(37), prompt, (5, coefficient), greedy);

    private double[] Predict(Steering? steering)
    {
        using (replacement.Splice(model, steering))
        {
            Tensor hidden = model.Forward(tensor([.. prompt.Select(id => (long)id)]).unsqueeze(0));
            return model.Logits(hidden.select(1, -1)).to(ScalarType.Float64).softmax(-1).data<double>().ToArray();
        }
    }
}
