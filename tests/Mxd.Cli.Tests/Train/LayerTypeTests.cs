using System.Text.Json;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Train;

/// <summary>Every kind of layer from the command line to its evaluation.</summary>
public sealed class LayerTypeTests(TinyFiles files) : CliTests(files)
{
    /// <summary>Type, options beside the small run's, and units active on a token: at most K, where that is fixed.</summary>
    public static TheoryData<string, string, double> Cases => new()
    {
        { "glu-mxd", "", 4 },
        { "skip-mxd", "", 4 },
        { "glu-skip-mxd", "--activation silu", 4 },
        { "mxd", "--l1 0.001 --no-unit-norm", 32 },
        { "mxd", "--aux-k 0.03 --dead-after 1000", 4 },
        { "glu-transcoder", "--activation gelu", 4 },
        { "skip-transcoder", "", 4 },
        { "skip-transcoder", "--unit-norm", 4 },
        { "glu-skip-transcoder", "", 4 },
        { "transcoder", "--init kaiming", 4 },
        { "transcoder", "--init transpose --l1 0.001", 32 },
        { "transcoder", "--sparsity batch-topk", 8 },
        { "sae", "", 4 },
        { "sae", "--l0 0.001 --bandwidth 0.2", 32 },
        { "sae", "--input blocks.1.hook_resid_pre", 4 },
        { "dense", "", 0 },
        { "linear", "", 0 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Train_Saves_AndEvalMeasures(string type, string options, double mostActive)
    {
        string[] words = options.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        TrainCall call = Train.With("--type", type).With("--json");
        if (!type.EndsWith("mxd", StringComparison.Ordinal) && type != "dense") call = call.Without("--hidden");
        if (words.Contains("--l1") || words.Contains("--l0")) call = call.Without("--k");
        JsonElement trained = Tool.Run([.. call.Arguments, .. words]).Json();

        Assert.Equal(type, trained.GetProperty("type").GetString());
        JsonElement final = trained.GetProperty("final");
        Assert.InRange(final.GetProperty("fvu").GetDouble(), 0, 4);
        Assert.InRange(final.GetProperty("l0").GetDouble(), mostActive == 0 ? 0 : 0.01, mostActive);

        JsonElement measured = Tool.Run("eval", "--run", Run, "--contexts", "16", "--json").Json();
        Assert.Equal(type, measured.GetProperty("type").GetString());
        Assert.Equal(trained.GetProperty("parameters").GetInt64(), measured.GetProperty("parameters").GetInt64());
        Assert.InRange(measured.GetProperty("cross_entropy").GetProperty("spliced").GetDouble(), 0.1, 20);
        Assert.Equal(final.GetProperty("fvu").GetDouble(), measured.GetProperty("fvu").GetDouble(), 1e-6);
    }

    [Theory]
    [InlineData("sae", "--sparsity", "batch-topk")]
    [InlineData("linear")]
    [InlineData("mxd", "--aux-k", "0.03", "--dead-after", "1000")]
    public void Resume_OfAKilledRun_EndsInTheSameBits(string type, params string[] options)
    {
        TrainCall call = Train.With("--type", type).With("--checkpoint-every", "4");
        if (type != "mxd") call = call.Without("--hidden");
        string whole = Folder.File("whole");
        Tool.Run([.. call.With("--out", whole).Arguments, .. options]).Succeeded();
        RunningTool tool = Tool.Start([.. call.Arguments, .. options]);
        tool.WaitUntil(() => new RunFiles(Run).Checkpoints.Length > 0);
        tool.Kill();

        Tool.Run("train", "--resume", "--out", Run).Succeeded();

        Assert.Equal(new RunFiles(whole).Layer, new RunFiles(Run).Layer);
        Assert.Equal(new RunFiles(whole).MetricsWithoutRates, new RunFiles(Run).MetricsWithoutRates);
    }

    [Fact]
    public void Train_OfAControl_SaysWhichOptionsItDoesNotUse() => Assert.Contains(
        "'dense' has no units: --k, --experts are not used", Train.With("--type", "dense").Run().Succeeded().Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("--sparsity is 'median'; choose topk, l1, batch-topk or jumprelu.", "--sparsity", "median")]
    [InlineData("--k is 4, which the sparsity l1 does not use: leave it out, or choose --sparsity topk.", "--l1", "0.1")]
    [InlineData("--sparsity is jumprelu, which needs a coefficient: give --l0.", "--sparsity", "jumprelu")]
    [InlineData("--unit-norm and --no-unit-norm were both given: give one.", "--unit-norm", "--no-unit-norm")]
    [InlineData("--init is 'zeros'; choose reference, kaiming or transpose.", "--init", "zeros")]
    [InlineData("--dead-after is 5, but there is no --aux-k that it concerns: give both, or neither.", "--dead-after", "5")]
    [InlineData("Initialisation 'kaiming' is for transcoders and SAEs; 'mxd' has that of the reference only.", "--init", "kaiming")]
    [InlineData("The AuxK coefficient is -1; it must be a number above 0.", "--aux-k", "-1")]
    public void Train_RefusesOptionsThatDoNotFit(string problem, params string[] options)
    {
        ToolResult result = Tool.Run([.. Train.Arguments, .. options]);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(problem, result.Error, StringComparison.Ordinal);
        Assert.Empty(Folder.Entries);
    }

    [Fact]
    public void Train_OfAnSaeBetweenTwoPoints_IsRefused() => Assert.Contains(
        "--input is blocks.1.hook_resid_pre and --output blocks.1.hook_mlp_out, but 'sae' returns its input: give one of them.",
        Train.With("--type", "sae").Without("--hidden").With("--input", "blocks.1.hook_resid_pre").With("--output", "blocks.1.hook_mlp_out").Run().Error,
        StringComparison.Ordinal);

    [Fact]
    public void Preset_SetsSizesAndRecipe_AndOptionsGivenGoBefore()
    {
        TrainCall call = Train.Without("--k", "--experts", "--hidden", "--layer").With("--preset", "gpt2-124m").With("--layer", "2");
        ToolResult result = call.Run().Succeeded();

        Assert.Contains("the sizes of gpt2-124m are those of a model of width 768, and this one has 32", result.Error, StringComparison.Ordinal);
        JsonElement options = JsonDocument.Parse(File.ReadAllText(Folder.File("run/run.json"))).RootElement.GetProperty("options");
        Assert.Equal(21490, options.GetProperty("experts").GetInt64());
        Assert.Equal(3072, options.GetProperty("hidden").GetInt64());
        Assert.Equal(1e-4, options.GetProperty("learning_rate").GetDouble());
        Assert.Equal(5000, options.GetProperty("warmup").GetInt64());
        Assert.Equal(42, options.GetProperty("seed").GetInt64());
        Assert.Equal(8192, options.GetProperty("tokens").GetInt64());
        Assert.Equal(2, options.GetProperty("layer").GetInt32());
        Assert.Equal(Files.Model, options.GetProperty("model").GetString());
    }
}
