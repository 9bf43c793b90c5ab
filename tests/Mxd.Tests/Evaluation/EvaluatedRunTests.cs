using System.Text.Json.Nodes;
using Mxd.Evaluation;
using Mxd.Runtime;
using Mxd.Tests.Runtime;

namespace Mxd.Tests.Evaluation;

public sealed class EvaluatedRunTests
{
    private static readonly CrossEntropies entropies = new(1, 2, 3, 2.5);

    [Fact]
    public void Read_GivesWhatWasWritten_AlsoOfALayerWithoutUnits()
    {
        using var folder = new TemporaryFolder();
        EvaluatedRun[] runs = [Run("TopK", 16, 15.5), Run(null, null, null)];
        foreach (EvaluatedRun run in runs)
        {
            string file = folder.File("evaluation.json");
            AtomicFile.WriteAllText(file, run.ToJson().ToJsonString(Json.Indented));
            EvaluatedRun read = EvaluatedRun.Read(file);
            Assert.Equal(run with { Text = [] }, read with { Text = [] });
            Assert.Equal(run.Text, read.Text);
        }
    }

    [Fact]
    public void Read_WithoutANumberThatEveryLayerHas_NamesIt()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("evaluation.json");
        JsonObject json = Run("TopK", 16, 15.5).ToJson();
        json.Remove("cross_entropy_recovered");
        AtomicFile.WriteAllText(file, json.ToJsonString());
        Assert.Contains("cross_entropy_recovered", Assert.Throws<MxdInputException>(() => EvaluatedRun.Read(file)).Message, StringComparison.Ordinal);
    }

    private static EvaluatedRun Run(string? sparsity, int? k, double? l0)
    {
        var errors = new CostStandardErrors(entropies, new CrossEntropyIncreases(1, 2, 1.5), 0.1, 0.2);
        var cost = new CostOfReplacement(entropies, new CrossEntropyIncreases(1, 2, 1.5), 0.5, 0.75, errors, 0.3, 0.2, l0, l0 / 100, 1000, 0, 8, 0);
        return new EvaluatedRun("runs/a", "mxd", 10, sparsity, k, "float32", ["a.jsonl"], "text", "hash", 4096, cost with { Elsewhere = cost with { SkipFirst = 1 } });
    }
}
