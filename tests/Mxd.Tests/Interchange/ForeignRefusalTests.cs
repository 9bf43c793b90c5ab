using System.Text.Json.Nodes;
using Mxd.Interchange;
using Mxd.Runtime;
using Mxd.Tests.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Interchange;

/// <summary>What is not read, and that the error says why in one line.</summary>
public sealed class ForeignRefusalTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("topk", "architecture", "\"gated\"", "architecture is 'gated'|standard, topk, jumprelu, transcoder")]
    [InlineData("topk", "architecture", "null", "no architecture|standard, topk")]
    [InlineData("topk", "normalize_activations", "\"expected_average_only_in\"", "normalize_activations is 'expected_average_only_in'|none, layer_norm, constant_norm_rescale")]
    [InlineData("topk", "reshape_activations", "\"hook_z\"", "reshape_activations is 'hook_z'|none alone")]
    [InlineData("topk", "dtype", "\"int8\"", "dtype is 'int8'|float32, float16, bfloat16")]
    [InlineData("topk", "k", "0", "k is 0|from 1 to")]
    [InlineData("topk", "k", "10", "K is 10|9 units")]
    [InlineData("topk", "k", "2.5", "k is 2.5|whole number")]
    [InlineData("topk", "k", "null", "no k|whole number")]
    [InlineData("topk", "d_in", "-6", "d_in is -6|at least 1")]
    [InlineData("topk", "d_sae", "\"9\"", "d_sae is '9'|whole number")]
    [InlineData("topk", "d_sae", "1e30", "d_sae is 1e30|whole number")]
    [InlineData("topk", "apply_b_dec_to_input", "1", "apply_b_dec_to_input is 1|true or false")]
    [InlineData("topk", "metadata", "3", "metadata is 3|object")]
    [InlineData("topk", "metadata.hook_name", "7", "metadata.hook_name is 7|text")]
    [InlineData("topk", "metadata.context_size", "0", "metadata.context_size is 0|from 1")]
    [InlineData("topk", "hook_name", "\"blocks.2.hook_mlp_out\"", "metadata.hook_name is 'blocks.1.ln2.hook_normalized'|outside metadata it is 'blocks.2.hook_mlp_out'")]
    [InlineData("topk", "finetuning_scaling_factor", "true", "finetuning_scaling_factor is true|formula")]
    [InlineData("topk", "metadata.hook_head_index", "0", "metadata.hook_head_index is 0|heads")]
    [InlineData("topk", "squares_units", "true", "squares_units is true|not known")]
    [InlineData("topk", "activation_fn", "\"tanh-relu\"", "activation_fn is 'tanh-relu'|relu, topk")]
    [InlineData("topk", "activation_fn", "\"relu\"", "activation_fn is 'relu'|architecture is 'topk'")]
    [InlineData("standard", "activation_fn_str", "\"topk\"", "activation_fn_str is 'topk'|architecture is 'standard'")]
    [InlineData("standard", "rescale_acts_by_decoder_norm", "true", "rescale_acts_by_decoder_norm is true|topk alone")]
    [InlineData("transcoder", "apply_b_dec_to_input", "true", "apply_b_dec_to_input is true|false is expected")]
    [InlineData("transcoder", "d_out", "null", "no d_out")]
    public void ASaeLensField_IsRefused_ByNameAndValue(string architecture, string field, string value, string problem) =>
        Refused(ForeignFiles.SaeLens(architecture).With(field, JsonNode.Parse(value)), problem, "cfg.json");

    [Theory]
    [InlineData("activation", "\"relu\"", "activation is 'relu'|topk, groupmax")]
    [InlineData("skip_connection", "true", "skip_connection is true|transcode is false")]
    [InlineData("k", "13", "K is 13|12 units")]
    [InlineData("k", "null", "no k")]
    [InlineData("num_latents", "-1", "num_latents is -1|at least 0")]
    [InlineData("d_in", "null", "no d_in")]
    [InlineData("multi_topk", "\"yes\"", "multi_topk is 'yes'|true or false")]
    [InlineData("signed", "true", "signed is true|formula")]
    [InlineData("embed_skip", "true", "embed_skip is true|formula")]
    [InlineData("gram_lookup", "true", "gram_lookup is true|formula")]
    [InlineData("doubles", "true", "doubles is true|not known")]
    public void ASparsifyField_IsRefused_ByNameAndValue(string field, string value, string problem) =>
        Refused(ForeignFiles.Sparsify().With(field, JsonNode.Parse(value)), problem, "cfg.json");

    [Fact]
    public void Groups_OfUnequalSizes_AreRefused() =>
        Refused(ForeignFiles.Sparsify(units: 12, k: 5).With("activation", "groupmax"), "12 units cannot be cut into K = 5 groups");

    [Theory]
    [InlineData("d_in", "7", "cfg.json says d_in is 7, but W_enc is [6, 9]")]
    [InlineData("d_sae", "64", "cfg.json says d_sae is 64, but W_enc is [6, 9]")]
    [InlineData("d_sae", "1000000000000000000", "cfg.json says d_sae is 1000000000000000000, but W_enc is [6, 9]")]
    [InlineData("d_out", "6", "cfg.json says d_out is 6, but W_dec is [9, 5]")]
    public void SaeLensSizes_ThatContradictTheTensors_AreRefused_WithBothFacts(string field, string value, string problem) =>
        Refused(ForeignFiles.SaeLens("skip_transcoder").With(field, JsonNode.Parse(value)), problem, "sae_weights.safetensors");

    [Theory]
    [InlineData("num_latents", "64", "cfg.json says num_latents is 64, but encoder.weight is [12, 6]")]
    [InlineData("num_latents", "0", "cfg.json says expansion_factor 32 times d_in 6 is 192, but encoder.weight is [12, 6]")]
    [InlineData("d_in", "5", "cfg.json says d_in is 5, but encoder.weight is [12, 6]")]
    public void SparsifySizes_ThatContradictTheTensors_AreRefused_WithBothFacts(string field, string value, string problem) =>
        Refused(ForeignFiles.Sparsify().With(field, JsonNode.Parse(value)), problem, "sae.safetensors");

    [Fact]
    public void MoreLatents_ThanCanBeCounted_AreRefused() =>
        Refused(ForeignFiles.Sparsify().With("num_latents", 0).With("expansion_factor", long.MaxValue), "expansion_factor is 9223372036854775807|counted");

    [Fact]
    public void MissingAndSurplusTensors_AreRefused()
    {
        using DisposeScope scope = NewDisposeScope();
        ForeignFiles jump = ForeignFiles.SaeLens("jumprelu"), skip = ForeignFiles.Sparsify(transcode: true, skip: true);
        Refused(jump.WithTensor("threshold", null), "no tensor 'threshold'|architecture 'jumprelu'");
        Refused(jump.With("architecture", "standard"), "a tensor 'threshold'|architecture 'standard'");
        Refused(jump.WithTensor("scaling_factor", ones(9)), "a tensor 'scaling_factor'");
        Refused(skip.WithTensor("W_skip", null), "no tensor 'W_skip'|skip_connection true");
        Refused(skip.With("skip_connection", false), "a tensor 'W_skip'|skip_connection false");
    }

    [Fact]
    public void TensorsOfOtherShapesOrTypes_AreRefused()
    {
        using DisposeScope scope = NewDisposeScope();
        ForeignFiles files = ForeignFiles.SaeLens("standard");
        Refused(files.WithTensor("b_enc", zeros(1, 9)), "b_enc is [1, 9]|[9] is expected");
        Refused(files.WithTensor("W_enc", zeros(9, 6)), "d_in is 6, but W_enc is [9, 6]");
        Refused(files.WithTensor("W_dec", zeros(9, 6, dtype: ScalarType.Float64)), "W_dec is of type F64|F32, F16, BF16");
        Refused(files.WithTensor("W_dec", zeros(9, 6, dtype: ScalarType.Int32)), "W_dec is of type I32");
    }

    [Theory]
    [InlineData(double.NaN, "W_dec", true)]
    [InlineData(double.PositiveInfinity, "b_enc", true)]
    [InlineData(double.NegativeInfinity, "W_enc", true)]
    [InlineData(double.NaN, "threshold", true)]
    [InlineData(double.PositiveInfinity, "threshold", false)]
    [InlineData(double.NegativeInfinity, "threshold", false)]
    public void ValuesThatAreNotFinite_AreRefused_ButForThresholds(double value, string name, bool refused)
    {
        using DisposeScope scope = NewDisposeScope();
        ForeignFiles files = ForeignFiles.SaeLens("jumprelu");
        Tensor changed = files.Tensors[name].clone();
        changed.view(-1)[2] = tensor((float)value);
        files = files.WithTensor(name, changed);
        if (refused) Refused(files, $"{name} has 1 values that are NaN");
        else LayerFormats.Recognise(files.Save(folder.File("fine"))).Read(folder.File("fine"), CPU).Dispose();
    }

    [Theory]
    [InlineData("{", "not valid JSON")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("{\"d_in\": 6, \"d_in\": 7}", "not valid JSON")]
    [InlineData("{\"d_in\": NaN}", "not valid JSON")]
    [InlineData("{\"a\": \"\\ud800\"}", "not valid Unicode")]
    [InlineData("{\"\\ud800\": 1}", "not valid Unicode")]
    public void AConfigurationThatIsNotOne_IsRefused(string text, string problem)
    {
        string path = ForeignFiles.SaeLens("topk").Save(folder.File("layer"));
        File.WriteAllText(Path.Combine(path, "cfg.json"), text);
        Refused(path, problem);
    }

    [Fact]
    public void AnAbsurdlyLongConfiguration_IsRefused() =>
        Refused(ForeignFiles.SaeLens("topk").With("note", new string('a', 1 << 20)), "cfg.json is longer than");

    [Fact]
    public void WeightsCutShort_AreRefused()
    {
        string path = ForeignFiles.SaeLens("topk").Save(folder.File("layer")), weights = Path.Combine(path, "sae_weights.safetensors");
        File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..^8]);
        Refused(path, "sae_weights.safetensors|cut short");
    }

    [Fact]
    public void Recognise_RefusesWhatIsNoLayer_AndListsWhatAFolderHolds()
    {
        foreach (string name in new[] { "layers.10.mlp", "layers.2.mlp" }) ForeignFiles.Sparsify().Save(folder.File(name));
        Assert.Contains("holds 2 layers: name one of layers.2.mlp, layers.10.mlp.", Message(() => LayerFormats.Recognise(folder.Path)), StringComparison.Ordinal);
        Assert.Contains("does not exist", Message(() => LayerFormats.Recognise(folder.File("none"))), StringComparison.Ordinal);
        string both = ForeignFiles.SaeLens("topk").Save(folder.File("layers.2.mlp"));
        Assert.Contains("files of saelens and sparsify", Message(() => LayerFormats.Recognise(both)), StringComparison.Ordinal);
        foreach (string file in Directory.GetFiles(both, "sae*")) File.Delete(file);
        Assert.Contains("no layer of a known format", Message(() => LayerFormats.Recognise(both)), StringComparison.Ordinal);
        Assert.Contains("sae.safetensors does not exist", Message(() => LayerFormats.Get("sparsify").Read(both, CPU)), StringComparison.Ordinal);
        Assert.Contains("native, saelens, sparsify", Message(() => LayerFormats.Get("onnx")), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_LeavesTheParametersAlive_AndNothingElse()
    {
        ForeignFiles files = ForeignFiles.SaeLens("jumprelu_skip_transcoder");
        string good = files.Save(folder.File("good")), bad = files.WithTensor("W_skip", full(5, 6, float.NaN)).Save(folder.File("bad"));
        ILayerFormat format = LayerFormats.Get("saelens");
        Assert.Equal(6, LiveTensors.LeftBy(() => format.Read(good, CPU)));
        Assert.Equal(0, LiveTensors.LeftBy(() => Message(() => format.Read(bad, CPU))));
    }

    private void Refused(ForeignFiles files, string problem, string place = "") => Refused(files.Save(folder.File(Guid.NewGuid().ToString("N"))), place + "|" + problem);

    private static void Refused(string path, string problem)
    {
        string message = Message(() => LayerFormats.Recognise(path).Read(path, CPU));
        Assert.StartsWith(path, message, StringComparison.Ordinal);
        foreach (string fragment in problem.Split('|')) Assert.Contains(fragment, message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, char.IsControl);
    }

    private static string Message(Func<object> read) => Assert.Throws<MxdInputException>(read).Message;
}
