using System.Text.Json;
using Mxd.Cli.Tests.Fixtures;

namespace Mxd.Cli.Tests.Eval;

public sealed class EvalTests(TinyFiles files, TrainedRuns runs) : CliTests(files), IClassFixture<TrainedRuns>
{
    private static readonly string[] entropies = ["model", "spliced", "zero_ablated", "mean_ablated"];

    [Fact]
    public void Eval_PrintsOneJsonDocument_WithTheContractsFields()
    {
        JsonElement result = Eval("--run", runs.Mixture, "--contexts", "24", "--json").Json();

        Assert.Equal(runs.Mixture, result.GetProperty("run").GetString());
        Assert.Equal("mxd", result.GetProperty("type").GetString());
        AssertIsCost(result, contexts: 24);
        Assert.InRange(result.GetProperty("fvu").GetDouble(), 0.01, 2);
        Assert.InRange(result.GetProperty("norm_scaled_mse").GetDouble(), 0.001, 1);
        Assert.Equal(4, result.GetProperty("l0").GetDouble(), 0.5);
        Assert.InRange(result.GetProperty("dead_fraction").GetDouble(), 0, 1);
    }

    [Fact]
    public void Eval_SavesWhatItPrints()
    {
        ToolResult result = Eval("--run", runs.Mixture, "--contexts", "8", "--json");

        string saved = File.ReadAllText(Path.Combine(runs.Mixture, "evaluation.json"));
        Assert.True(JsonElement.DeepEquals(result.Json(), JsonElement.Parse(saved)));
    }

    [Fact]
    public void AnEvaluationThatIsReplaced_IsNamed()
    {
        Train.Run().Succeeded();
        Assert.DoesNotContain("replaced", Eval("--run", Run, "--contexts", "6").Succeeded().Error, StringComparison.Ordinal);
        Assert.DoesNotContain("replaced", Eval("--run", Run, "--contexts", "6").Succeeded().Error, StringComparison.Ordinal);
        Assert.Contains("had been evaluated on 6 contexts", Eval("--run", Run, "--contexts", "4").Succeeded().Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Eval_MeasuresTheModelAsScoreDoes()
    {
        double evaluated = CrossEntropy(Eval("--run", runs.Mixture, "--contexts", "20", "--json").Json(), "model");

        JsonElement score = Tool.Run(
            "score", "--model", Files.Model, "--text", Files.HeldOutText, "--context", "32", "--contexts", "20", "--json").Json();

        Assert.Equal(score.GetProperty("cross_entropy").GetDouble(), evaluated, 1e-6);
    }

    [Fact]
    public void Eval_SkippingPositions_CountsFewerTokens()
    {
        JsonElement result = Eval("--run", runs.Mixture, "--contexts", "8", "--skip-first", "12", "--json").Json();

        Assert.Equal(8 * 20, result.GetProperty("tokens").GetInt64());
        Assert.Equal(12, result.GetProperty("skip_first").GetInt32());
    }

    [Fact]
    public void Eval_OfRunsAtDifferentLayers_MeasuresEachAndAllTogether()
    {
        JsonElement result = Eval("--run", runs.Mixture, runs.Transcoder, "--contexts", "16", "--json").Json();

        JsonElement[] each = [.. result.GetProperty("runs").EnumerateArray()];
        Assert.Equal([runs.Mixture, runs.Transcoder], each.Select(r => r.GetProperty("run").GetString()));
        foreach (JsonElement cost in each) AssertIsCost(cost, contexts: 16);
        JsonElement together = result.GetProperty("together");
        AssertIsCost(together, contexts: 16);
        Assert.True(together.GetProperty("kl").GetDouble() > each.Max(r => r.GetProperty("kl").GetDouble()), "Two layers cost more than one.");
        JsonElement alone = Eval("--run", runs.Transcoder, "--contexts", "16", "--json").Json();
        Assert.Equal(CrossEntropy(alone, "spliced"), CrossEntropy(each[1], "spliced"));
        Assert.False(alone.TryGetProperty("layers_replaced", out _));
    }

    [Fact]
    public void Eval_OfRunsAtDifferentLayers_PutsThemInPlaceOneAfterAnother_TheShallowestFirst()
    {
        // Named in another order than they stand.
        JsonElement result = Eval("--run", runs.Transcoder, runs.Mixture, "--contexts", "16", "--json").Json();

        JsonElement[] sets = [.. result.GetProperty("layers_replaced").EnumerateArray()];
        Assert.Equal(["1", "1 2"], sets.Select(s => string.Join(' ', s.GetProperty("layers").EnumerateArray())));
        Assert.Equal([runs.Mixture], sets[0].GetProperty("runs").EnumerateArray().Select(r => r.GetString()));
        foreach (JsonElement set in sets)
        {
            AssertIsCost(set, contexts: 16);
            Assert.InRange(set.GetProperty("standard_errors").GetProperty("sum_of_increases").GetProperty("spliced").GetDouble(), 1e-6, 1);
            Assert.Equal(Increase(set, "cross_entropy_increase") - Increase(set, "sum_of_increases"), Increase(set, "beyond_sum"), 1e-9);
        }
        JsonElement[] each = [.. result.GetProperty("runs").EnumerateArray()];
        Assert.Equal(CrossEntropy(each[1], "spliced"), CrossEntropy(sets[0], "spliced"));
        Assert.Equal(each.Sum(r => Increase(r, "cross_entropy_increase")), Increase(sets[1], "sum_of_increases"), 1e-9);
        Assert.Equal(CrossEntropy(result.GetProperty("together"), "spliced"), CrossEntropy(sets[1], "spliced"));

        static double Increase(JsonElement cost, string name) => cost.GetProperty(name).GetProperty("spliced").GetDouble();
    }

    [Fact]
    public void Eval_OfTwoTypesAtTwoLayers_HasACurveOfEach_AndAFigure()
    {
        Train.With("--layer", "2").Run().Succeeded();
        Train.Transcoder.With("--out", Folder.File("other")).Run().Succeeded();
        string[] four = ["--run", runs.Transcoder, runs.Mixture, Folder.File("other"), Run, "--contexts", "8"];

        JsonElement result = Eval([.. four, "--json"]).Json();
        Assert.False(result.TryGetProperty("together", out _));
        JsonElement[] sets = [.. result.GetProperty("layers_replaced").EnumerateArray()];
        Assert.Equal(["transcoder 1", "transcoder 2", "mxd 1", "mxd 2"], sets.Select(s => $"{s.GetProperty("type").GetString()} {s.GetProperty("layers").GetArrayLength()}"));
        Assert.Equal(CrossEntropy(sets[1], "zero_ablated"), CrossEntropy(sets[3], "zero_ablated"));

        ToolResult shown = Eval([.. four, "--out", Folder.File("figures")]).Succeeded();
        foreach (string title in new[] { "mxd, K = 4: increase of the cross-entropy as layers are put in place", "transcoder, K = 4: increase", "sum alone", "layers-replaced.svg" })
            Assert.Contains(title, shown.Output.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.All(shown.Output.Split('\n').Where(line => !line.Contains(Folder.Path, StringComparison.Ordinal)), line => Assert.True(line.Length <= 80, line));
        Assert.Equal(["layers-replaced.png", "layers-replaced.svg"], Directory.GetFiles(Folder.File("figures")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        foreach (string label in new[] { "MLPs set to zero", "mxd, K = 4", "transcoder, K = 4", "hollow: sum of what each adds alone", "1: layer 1", "2: + 2" })
            Assert.Contains(label, File.ReadAllText(Path.Combine(Folder.File("figures"), "layers-replaced.svg")), StringComparison.Ordinal);
    }

    [Fact]
    public void RunsThatMakeNoSequence_AreMeasuredAlone_AndANoteSaysWhy()
    {
        Train.Run().Succeeded();
        string[] three = ["--run", runs.Mixture, Run, runs.Transcoder, "--contexts", "4"];
        ToolResult result = Eval([.. three, "--json"]);
        Assert.False(result.Json().TryGetProperty("layers_replaced", out _));
        Assert.Contains($"Note: the runs are at several layers, but {runs.Mixture} and {Run} are of one type and sparsity at blocks.1.hook_mlp_out, so that none are put in place together.", result.Error, StringComparison.Ordinal);
        Eval([.. three, "--out", Folder.File("figures")]).Refused("--out is for the figure|are of one type and sparsity|leave it out");
        Eval("--run", Run, "--out", Folder.File("figures")).Refused("--out is for the figure|there are no runs at different layers");
        Assert.False(Directory.Exists(Folder.File("figures")));
    }

    [Fact]
    public void Eval_OfRunsAtTheSameLayer_MeasuresEachAlone()
    {
        Train.Transcoder.Run().Succeeded();

        JsonElement result = Eval("--run", runs.Mixture, Run, "--contexts", "8", "--json").Json();

        Assert.Equal(2, result.GetProperty("runs").GetArrayLength());
        Assert.False(result.TryGetProperty("together", out _));
    }

    [Fact]
    public void Eval_WithoutText_UsesTheValidationFileOfTheRun()
    {
        JsonElement byDefault = Eval("--run", runs.Mixture, "--contexts", "8", "--json").Json();
        JsonElement byName = Eval("--run", runs.Mixture, "--contexts", "8", "--text", Files.HeldOutText, "--json").Json();
        JsonElement other = Eval("--run", runs.Mixture, "--contexts", "8", "--text", Files.TrainText, "--json").Json();

        Assert.Equal(CrossEntropy(byName, "spliced"), CrossEntropy(byDefault, "spliced"));
        Assert.NotEqual(CrossEntropy(other, "spliced"), CrossEntropy(byDefault, "spliced"));
    }

    [Fact]
    public void Eval_WithoutText_UsesTheDocumentsTheRunHeldOut()
    {
        Train.Without("--validation").With("--held-out", "0.1").Run().Succeeded();

        JsonElement result = Eval("--run", Run, "--json").Json();

        int contexts = result.GetProperty("contexts").GetInt32();
        JsonElement whole = Eval("--run", Run, "--contexts", "100000", "--text", Files.TrainText, "--json").Json();
        Assert.InRange(contexts, 0.03 * whole.GetProperty("contexts").GetInt32(), 0.2 * whole.GetProperty("contexts").GetInt32());
    }

    [Fact]
    public void Eval_SaysSo_WhereThereIsLessTextThanAskedFor() =>
        Assert.Contains("fewer than the 100000 of --contexts", Eval("--run", runs.Mixture, "--contexts", "100000").Succeeded().Error, StringComparison.Ordinal);

    [Fact]
    public void Eval_OfARunThatWasStopped_SaysHowFarItCame()
    {
        RunningTool tool = Tool.Start(Train.With("--tokens", "10000000").With("--checkpoint-every", "2").Arguments);
        tool.WaitUntil(() => File.Exists(Path.Combine(Run, "layer.safetensors")));
        tool.Kill();

        Assert.Contains("of its 9,999,872 tokens", Eval("--run", Run, "--contexts", "8").Succeeded().Error, StringComparison.Ordinal);
    }

    private static ToolResult Eval(params string[] arguments) => Tool.Run(["eval", .. arguments]);

    private static double CrossEntropy(JsonElement cost, string name) => cost.GetProperty("cross_entropy").GetProperty(name).GetDouble();

    /// <summary>The fields every cost has, and what must hold between them.</summary>
    private static void AssertIsCost(JsonElement cost, int contexts)
    {
        JsonElement errors = cost.GetProperty("standard_errors");
        foreach (string name in entropies)
        {
            Assert.InRange(CrossEntropy(cost, name), 1, 20);
            Assert.InRange(errors.GetProperty("cross_entropy").GetProperty(name).GetDouble(), 1e-4, 1);
        }
        foreach (string name in new[] { "kl", "cross_entropy_recovered" })
            Assert.InRange(errors.GetProperty(name).GetDouble(), 1e-6, 5);
        Assert.True(cost.GetProperty("kl").GetDouble() > 0);
        double zero = CrossEntropy(cost, "zero_ablated");
        double recovered = (zero - CrossEntropy(cost, "spliced")) / (zero - CrossEntropy(cost, "model"));
        Assert.Equal(recovered, cost.GetProperty("cross_entropy_recovered").GetDouble(), 1e-9);
        Assert.Equal(contexts, cost.GetProperty("contexts").GetInt32());
        Assert.Equal(32L * contexts, cost.GetProperty("tokens").GetInt64());
    }
}
