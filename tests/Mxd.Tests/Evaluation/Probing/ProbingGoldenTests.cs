using System.Globalization;
using Mxd.Evaluation.Probing;
using Mxd.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Evaluation.Probing;

/// <summary>The published protocol on activations that are given: candidates, coefficients and scores of every class.</summary>
[Trait("Category", "Golden")]
public class ProbingGoldenTests
{
    private const double OfScores = 1e-9, OfCoefficients = 1e-6;

    public static TheoryData<string> Files => TestFiles.FindGolden("probing", "*.safetensors");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Files))]
    public void EveryClass_GivesTheGoldenProbes(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using SafetensorsFile golden = SafetensorsFile.Open(TestFiles.GoldenPath(name, ".safetensors"));
        long[] labels = golden.Read("labels").data<long>().ToArray();
        PooledActivations activations = PooledRows.Of(golden.Read("acts"));
        string[] columns = golden.Metadata["columns"].Split(',');
        Assert.Equal("logistic regression, L2 with C=1, balanced class weights", golden.Metadata["estimator"]);
        int train = (int)Math.Floor(double.Parse(golden.Metadata["train_fraction"], CultureInfo.InvariantCulture) * labels.Length + 1e-9);
        using Tensor output = ClassProbing.Standardise(golden.Read("acts"), train);
        foreach (string key in golden.Names.Where(key => key.EndsWith(".candidates", StringComparison.Ordinal)))
        {
            string group = key[..^".candidates".Length];
            long label = long.Parse(group["class".Length..], CultureInfo.InvariantCulture);
            bool[] members = Array.ConvertAll(labels, l => l == label);
            long[] expected = golden.Read(key).data<long>().ToArray();
            int[] chosen = CandidateProbe.Choose(activations.Differences(members.AsSpan(0, train)), expected.Length);
            CandidateProbe[] probes = CandidateProbe.Fit([.. chosen.Zip(activations.Columns(chosen))], members, train);
            Assert.Equal(expected, probes.Select(p => (long)p.Unit));

            Tensor metrics = golden.Read(group + ".metrics");
            for (int column = 0; column < columns.Length; column++)
            {
                string what = $"{name}, {group}: {columns[column]}";
                Tensor actual = tensor([.. probes.Select(p => Value(p, columns[column]))]);
                if (columns[column] is "coefficient" or "intercept") GoldenTensors.AssertRelative(metrics.select(1, column), actual, OfCoefficients, what);
                else GoldenTensors.AssertClose(metrics.select(1, column), actual, OfScores, what);
            }

            ProbedClass probed = new ClassProbing(expected.Length, [1, 5]).Probe(group, activations, output, members, train);
            Assert.Equal(golden.Read(group + ".best_feature").ReadCpuInt64(0), probed.BestUnit);
            Assert.Equal(probes.Single(p => p.Unit == probed.BestUnit).Test.F1, probed.F1);
        }
    }

    private static double Value(CandidateProbe probe, string column) => column switch
    {
        "coefficient" => probe.Probe.Coefficient,
        "intercept" => probe.Probe.Intercept,
        "f1" => probe.Test.F1,
        "balanced_accuracy" => probe.Test.BalancedAccuracy,
        "precision" => probe.Test.Precision,
        "recall" => probe.Test.Recall,
        "accuracy" => probe.Test.Accuracy,
        "mcc" => probe.Test.Mcc,
        "roc_auc" => probe.Test.RocAuc,
        "average_precision" => probe.Test.AveragePrecision,
        _ => throw new ArgumentException($"There is no score '{column}'.", nameof(column)),
    };
}
