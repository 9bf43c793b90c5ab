using System.Text.Json.Nodes;
using Mxd.Interchange;
using Mxd.Layers;
using Mxd.Tests.Layers;
using Mxd.Tests.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Interchange;

/// <summary>What a layer read from another project's files computes, against that project's formula in plain loops.</summary>
public sealed class ForeignFormulaTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Architectures => [.. SaeLensArchitecture.All.Select(a => a.Name)];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Architectures))]
    public void SaeLens_ComputesItsFormula_AtAnySize(string architecture)
    {
        for (int seed = 1; seed <= 12; seed++)
        {
            var random = new Random(seed);
            int units = random.Next(1, 20);
            AssertComputes(ForeignFiles.SaeLens(architecture, random.Next(2, 12), units, random.Next(1, 12), random.Next(1, units + 1), seed));
        }
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void SaeLens_Normalises_AndUndoesItInAutoencodersAlone(string architecture)
    {
        foreach (string kind in new[] { "layer_norm", "constant_norm_rescale" })
            AssertComputes(ForeignFiles.SaeLens(architecture, seed: 3).With("normalize_activations", kind));
    }

    [Theory]
    [InlineData("standard")]
    [InlineData("topk")]
    [InlineData("jumprelu")]
    public void SaeLens_TakesTheBiasFromTheInput_OnlyWhereItSaysSo(string architecture)
    {
        ForeignFiles files = ForeignFiles.SaeLens(architecture, seed: 4);
        AssertComputes(files);
        AssertComputes(files.With("apply_b_dec_to_input", false));
        AssertComputes(files.With("apply_b_dec_to_input", false).With("normalize_activations", "layer_norm"));
    }

    [Fact]
    public void SaeLens_RescalesByDecoderNorms()
    {
        ForeignFiles files = ForeignFiles.SaeLens("topk", seed: 5).With("rescale_acts_by_decoder_norm", true);
        AssertComputes(files);
        AssertComputes(files.With("normalize_activations", "layer_norm"));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Sparsify_ComputesItsFormula_AtAnySize(bool transcode, bool skip)
    {
        for (int seed = 1; seed <= 12; seed++)
        {
            var random = new Random(seed);
            int k = random.Next(1, 5), width = random.Next(1, 12);
            ForeignFiles files = ForeignFiles.Sparsify(width, k * random.Next(1, 6), k, transcode, skip, seed);
            AssertComputes(files);
            AssertComputes(files.With("activation", "groupmax"));
            AssertComputes(files.With("multi_topk", true).With("normalize_decoder", false));
        }
    }

    [Fact]
    public void Sparsify_CountsLatents_FromTheExpansionFactor()
    {
        ForeignFiles files = ForeignFiles.Sparsify(width: 5, units: 20).With("num_latents", 0).With("expansion_factor", 4);
        AssertComputes(files);
        AssertComputes(files.Without("num_latents", "activation", "transcode", "skip_connection", "multi_topk"), plain: files);
    }

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void NarrowWeights_AreWidened(ScalarType dtype)
    {
        AssertComputes(ForeignFiles.SaeLens("jumprelu_transcoder", seed: 6).As(dtype));
        AssertComputes(ForeignFiles.Sparsify(transcode: true, skip: true).As(dtype));
    }

    [Fact]
    public void OlderSaeLens_IsRead_WhereItCanMeanOneThing()
    {
        ForeignFiles standard = ForeignFiles.SaeLens("standard", seed: 7), top = ForeignFiles.SaeLens("topk", seed: 7);
        AssertComputes(standard.Older().Without("architecture"), plain: standard);
        AssertComputes(standard.Older().With("normalize_activations", false).With("activation_fn_str", "relu"), plain: standard);
        AssertComputes(standard.Older().With("normalize_activations", null).With("activation_fn_kwargs", new JsonObject()), plain: standard);
        foreach (string field in new[] { "activation_fn", "activation_fn_str" })
            foreach (string architecture in new[] { "standard", "topk" })
                AssertComputes(
                    top.Older().Without("k").With("architecture", architecture).With(field, "topk").With("activation_fn_kwargs", new JsonObject { ["k"] = 3 }), plain: top);
    }

    private void AssertComputes(ForeignFiles files, ForeignFiles? plain = null)
    {
        using DisposeScope scope = NewDisposeScope();
        string path = files.Save(folder.File(Guid.NewGuid().ToString("N")));
        PlainCoder coder = PlainCoder.Of((plain ?? files) with { Tensors = files.Tensors });
        using ImportedLayer imported = LayerFormats.Recognise(path).Read(path, CPU);
        Tensor x = RandomLayers.Rows(7, imported.Layer.Options.InputWidth, seed: 11) * 3;
        double[][] rows = PlainCoder.Rows(x);
        SparseCodes codes = imported.Layer.Encode(x);
        string what = $"{files.Config.ToJsonString()}";
        GoldenTensors.AssertClose(Matrix(rows.Select(coder.Encode)), codes.ToDense(), 2e-4, "acts of " + what);
        GoldenTensors.AssertClose(Matrix(rows.Select(coder.Forward)), imported.Layer.Decode(codes, x), 5e-4, "y of " + what);
    }

    private static Tensor Matrix(IEnumerable<double[]> rows) => stack([.. rows.Select(row => tensor(row))], 0);
}
