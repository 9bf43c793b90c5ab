using Mxd.Evaluation;
using Mxd.Evaluation.Probing;
using Mxd.LanguageModels;
using Mxd.LanguageModels.Families;
using Mxd.Layers;
using Mxd.Tests.LanguageModels;
using Mxd.Tests.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Evaluation.Probing;

/// <summary>What is pooled over texts of many lengths, read together, is what each text gives by itself.</summary>
public sealed class ProbePassTests : IDisposable
{
    private const int FirstToken = 0, Vocabulary = 37;

    private readonly LlamaModel model = TinyLlama.Create();
    private readonly int[][] texts;

    public ProbePassTests()
    {
        var random = new Random(3);
        texts = [.. Enumerable.Range(0, 40).Select(i => Enumerable.Range(0, 1 + random.Next(i % 5 == 0 ? 2 : 11)).Select(_ => random.Next(Vocabulary)).ToArray())];
    }

    public static TheoryData<Pooling, string> Ways => new MatrixTheoryData<Pooling, string>(Enum.GetValues<Pooling>(), ["mxd", "transcoder", "skip-transcoder", "l1"]);

    public void Dispose() => model.Dispose();

    [Theory]
    [MemberData(nameof(Ways))]
    public void EveryText_GivesWhatItGivesAlone(Pooling pooling, string type)
    {
        using DisposeScope scope = NewDisposeScope();
        LayerOptions options = RandomLayers.Options(type == "l1" ? "mxd" : type, units: 16, k: 3) with { InputWidth = 12, OutputWidth = 12, Activation = "gelu" };
        if (type == "l1") options = options with { Sparsity = new Sparsity.L1(0.1) };
        using ILayer layer = RandomLayers.Create(options, seed: 2), other = RandomLayers.Create(options, seed: 5);
        Replacement[] replacements = [At(layer, 1), At(other, 0)];
        // Batches of a few texts, of which one or two are encoded at once.
        IReadOnlyList<PooledLayer> pooled = new ProbePass(model, texts, FirstToken, pooling, batchTokens: 40, sliceRows: 20).Read(replacements);
        for (int i = 0; i < replacements.Length; i++)
        {
            using PooledLayer one = pooled[i];
            double[][] columns = one.Units.Columns([.. Enumerable.Range(0, 16)]);
            for (int text = 0; text < texts.Length; text++)
            {
                Tensor x = Inputs(replacements[i].Input, texts[text]);
                SparseCodes codes = replacements[i].Layer.Encode(x);
                GoldenTensors.AssertClose(Pool(codes.ToDense(), pooling), tensor([.. columns.Select(c => c[text])]), 1e-5, $"text {text}, units");
                GoldenTensors.AssertRelative(Pool(replacements[i].Layer.Decode(codes, x), pooling), one.Output[text], 1e-5, $"text {text}, output");
            }
            Assert.Contains(columns, column => column.Any(v => v != 0));
        }
    }

    /// <summary>The first of the layers in place is given what the model gives it, the others what becomes of its output.</summary>
    [Fact]
    public void WithLayersInPlace_EachIsGivenWhatThoseBeforeItMake()
    {
        using DisposeScope scope = NewDisposeScope();
        LayerOptions options = RandomLayers.Options("mxd", units: 16, k: 3) with { InputWidth = 12, OutputWidth = 12 };
        using ILayer first = RandomLayers.Create(options, seed: 2), second = RandomLayers.Create(options, seed: 5), untrained = RandomLayers.Create(options, seed: 9);
        // The last reads the very value that it replaces.
        var self = new Replacement(RandomLayers.Create(options, seed: 11), HookPoint.MlpOutput(2), HookPoint.MlpOutput(2));
        using ILayer third = self.Layer;
        Replacement[] set = [At(second, 1), At(first, 0), self], probed = [.. set, At(untrained, 1)];
        double[][][] plain = Read(probed, null), inPlace = Read(probed, new ReplacementSet(set));
        Assert.Equal(plain[1], inPlace[1]);
        foreach (int i in new[] { 0, 2, 3 }) Assert.NotEqual(plain[i], inPlace[i]);
        for (int text = 0; text < texts.Length; text++)
        {
            using IDisposable before = At(first, 0).Splice(model);
            Check(0, text, Inputs(HookPoint.MlpInput(1), texts[text]));
            Check(3, text, Inputs(HookPoint.MlpInput(1), texts[text]));
            using IDisposable then = At(second, 1).Splice(model);
            Check(2, text, Inputs(HookPoint.MlpOutput(2), texts[text]));
        }
        // A single layer in place changes nothing for itself.
        Assert.Equal(Read([At(second, 1)], null)[0], Read([At(second, 1)], new ReplacementSet([At(second, 1)]))[0]);

        double[][][] Read(Replacement[] layers, ReplacementSet? together)
        {
            IReadOnlyList<PooledLayer> pooled = new ProbePass(model, texts, FirstToken, Pooling.Mean, batchTokens: 40).Read(layers, inPlace: together, cancellation: TestContext.Current.CancellationToken);
            double[][][] columns = [.. pooled.Select(layer => layer.Units.Columns([.. Enumerable.Range(0, 16)]))];
            foreach (PooledLayer layer in pooled) layer.Dispose();
            return columns;
        }

        void Check(int layer, int text, Tensor x) =>
            GoldenTensors.AssertClose(Pool(probed[layer].Layer.Encode(x).ToDense(), Pooling.Mean), tensor([.. inPlace[layer].Select(c => c[text])]), 2e-4, $"layer {layer}, text {text}");
    }

    [Fact]
    public void AStop_LeavesNothingBehind()
    {
        using ILayer layer = RandomLayers.Create(RandomLayers.Options("mxd", units: 16, k: 3) with { InputWidth = 12, OutputWidth = 12 }, seed: 2);
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Equal(0, LiveTensors.LeftBy(() =>
        {
            Assert.Throws<OperationCanceledException>(() => new ProbePass(model, texts, FirstToken, Pooling.Mean).Read([At(layer, 1)], cancellation: stop.Token));
            return 0;
        }));
    }

    private static Replacement At(ILayer layer, int number) => new(layer, HookPoint.MlpInput(number), HookPoint.MlpOutput(number));

    /// <summary>Of the text's own tokens; the first one, which all have, is left out.</summary>
    private Tensor Inputs(HookPoint point, int[] text)
    {
        using IDisposable noGrad = no_grad();
        Tensor? value = null;
        using IDisposable hook = model.Hooks.Add(point, v =>
        {
            value = v.clone().DetachFromDisposeScope();
            return v;
        });
        model.Forward(tensor([FirstToken, .. text.Select(id => (long)id)]).unsqueeze(0));
        using Tensor kept = value!;
        return kept[0].narrow(0, 1, text.Length).clone();
    }

    private static Tensor Pool(Tensor rows, Pooling pooling) => (pooling switch
    {
        Pooling.Mean => rows.to(ScalarType.Float64).mean([0]),
        Pooling.Max => rows.amax([0]),
        _ => rows[-1],
    }).to(ScalarType.Float64);
}
