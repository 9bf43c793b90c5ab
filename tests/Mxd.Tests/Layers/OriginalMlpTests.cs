using CsCheck;
using Mxd.LanguageModels;
using Mxd.LanguageModels.Families;
using Mxd.Layers;
using Mxd.Tests.LanguageModels;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Mxd.Tests.Layers;

public class OriginalMlpTests
{
    private static readonly Gen<(int Width, int Hidden, int Outputs, bool Shifted, bool Biased, int Seed)> mlps =
        Gen.Select(Gen.Int[1, 12], Gen.Int[1, 20], Gen.Int[1, 12], Gen.Bool, Gen.Bool, Gen.Int[0, 1 << 20]);

    [Fact]
    public void APlainMlp_IsAMixtureOfOneExpert() => mlps.Sample(
        m =>
        {
            using DisposeScope scope = NewDisposeScope();
            var random = new RandomWeights(m.Seed, m.Biased);
            Tensor scale = random.Normal(m.Width);
            Tensor? shift = m.Shifted ? random.Normal(m.Width) : null;
            LinearWeights up = random.Linear(m.Hidden, m.Width), down = random.Linear(m.Outputs, m.Hidden);
            Tensor n = random.Normal(5, m.Width);
            string activation = ActivationFunction.Names[m.Seed % ActivationFunction.Names.Count];
            Tensor hidden = ActivationFunction.Parse(activation).Apply(Apply(up, Normed(n, scale, shift)));
            OriginalMlp mixture = OriginalMlp.Of(new PlainMlpWeights(activation, scale, shift, up, down));
            Assert.Equal(("mxd", activation), (mixture.Type, mixture.Activation));
            using ILayer layer = mixture.ToLayer(CPU);
            GoldenTensors.AssertRelative(Apply(down, hidden), layer.Forward(n), 1e-5, "y");
            Assert.Equal(1, layer.Encode(n).ToDense().min().ToDouble());
        },
        iter: 60, seed: "0000KOIPe001", threads: 1);

    [Fact]
    public void AGatedMlp_IsAGatedMixtureOfOneExpert() => mlps.Sample(
        m =>
        {
            using DisposeScope scope = NewDisposeScope();
            var random = new RandomWeights(m.Seed, m.Biased);
            Tensor scale = random.Normal(m.Width);
            Tensor? shift = m.Shifted ? random.Normal(m.Width) : null;
            LinearWeights gate = random.Linear(m.Hidden, m.Width), up = random.Linear(m.Hidden, m.Width), down = random.Linear(m.Outputs, m.Hidden);
            Tensor n = random.Normal(5, m.Width), x = Normed(n, scale, shift);
            OriginalMlp mixture = OriginalMlp.Of(new GatedMlpWeights("silu", scale, shift, gate, up, down));
            Assert.Equal(("glu-mxd", "silu"), (mixture.Type, mixture.Activation));
            Assert.Equal((m.Width, m.Hidden, m.Outputs), (mixture.InputWidth, mixture.Hidden, mixture.OutputWidth));
            GoldenTensors.AssertRelative(Apply(down, F.silu(Apply(gate, x)) * Apply(up, x)), Forward(mixture, n), 1e-5, "y");
        },
        iter: 60, seed: "0000KOIPe001", threads: 1);

    [Fact]
    public void ALlamasMlp_GivesItsOutputFromItsNormalisedInput()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        Tensor tokens = TinyLlama.Tokens(3, 10, seed: 1);
        for (int layer = 0; layer < 3; layer++) AssertReproduces(model, layer, tokens, 2e-6);
    }

    [Fact]
    public void ALlamasMlpInBfloat16_IsReproducedToTheModelsRounding()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create(dtype: ScalarType.BFloat16);
        AssertReproduces(model, 1, TinyLlama.Tokens(3, 10, seed: 2), 0.02);
    }

    [Fact]
    public void PutInTheMlpsPlace_ItChangesNothing()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        Tensor tokens = TinyLlama.Tokens(2, 9, seed: 3), clean = model.Forward(tokens);
        OriginalMlp first = OriginalMlp.Of(model.Mlp(0)), last = OriginalMlp.Of(model.Mlp(2));
        using LayerSwap one = LayerSwap.Mlp(model, 0, n => Forward(first, n)), two = LayerSwap.Mlp(model, 2, n => Forward(last, n));
        GoldenTensors.AssertRelative(clean, model.Forward(tokens), 1e-5, "hidden");
    }

    [Fact]
    public void ARealMlp_IsReproduced()
    {
        using DisposeScope scope = NewDisposeScope();
        LanguageModel model = RealModel.Model;
        AssertReproduces(model, 15, TinyLlama.Tokens(2, 64, seed: 4, vocabulary: model.Identity.Vocabulary), 1e-5);
    }

    [Fact]
    public void Mixture_SharesNothingWithTheModel_AndLeavesOnlyItsTensorsAlive()
    {
        using DisposeScope scope = NewDisposeScope();
        using LlamaModel model = TinyLlama.Create();
        Tensor tokens = TinyLlama.Tokens(2, 9, seed: 5), clean = model.Forward(tokens);
        MlpWeights weights = model.Mlp(1);
        Assert.Equal(9, LiveTensors.LeftBy(() => OriginalMlp.Of(weights)));
        foreach (Tensor tensor in OriginalMlp.Of(weights).Tensors.Values) tensor.zero_();
        GoldenTensors.AssertClose(clean, model.Forward(tokens), 0, "the model's own output");
    }

    [Fact]
    public void Mlp_RefusesALayerThatIsNotThere()
    {
        using LlamaModel model = TinyLlama.Create();
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Mlp(3));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Mlp(-1));
    }

    /// <summary>The mixture gives the value at the MLP's output hook from that at its input hook.</summary>
    private static void AssertReproduces(LanguageModel model, int layer, Tensor tokens, double tolerance)
    {
        OriginalMlp mixture = OriginalMlp.Of(model.Mlp(layer));
        bool compared = false;
        using (new LayerSwap(model, HookPoint.MlpInput(layer), HookPoint.MlpOutput(layer), (n, original) =>
        {
            GoldenTensors.AssertRelative(original, Forward(mixture, n), tolerance, $"layer {layer}");
            compared = true;
            return original;
        }))
            model.Forward(tokens);
        Assert.True(compared);
    }

    /// <summary>The mixture's equations over tensors in the orientation of the reference's files.</summary>
    private static Tensor Forward(OriginalMlp mixture, Tensor n)
    {
        using ILayer layer = mixture.ToLayer(CPU);
        return layer.Forward(n);
    }

    private static Tensor Normed(Tensor n, Tensor scale, Tensor? shift) => shift is { } t ? n * scale + t : n * scale;

    private static Tensor Apply(LinearWeights map, Tensor x) => F.linear(x, map.Weight, map.Bias);

    private sealed class RandomWeights(int seed, bool biased)
    {
        private int next = seed;

        public LinearWeights Linear(long rows, long columns) => new(Normal(rows, columns), biased ? Normal(rows) : null);

        public Tensor Normal(params long[] shape)
        {
            using var generator = new Generator((ulong)next++);
            return randn(shape, generator: generator);
        }
    }
}
