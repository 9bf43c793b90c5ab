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
