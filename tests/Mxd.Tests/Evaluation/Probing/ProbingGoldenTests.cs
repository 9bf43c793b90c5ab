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
        int train = labels.Length * 4 / 5;
        foreach (string key in golden.Names.Where(key => key.EndsWith(".candidates", StringComparison.Ordinal)))
        {
            string group = key[..^".candidates".Length];
            long label = long.Parse(group["class".Length..], System.Globalization.CultureInfo.InvariantCulture);
            bool[] members = Array.ConvertAll(labels, l => l == label);
            long[] expected = golden.Read(key).data<long>().ToArray();
            int[] chosen = CandidateProbe.Choose(activations.Differences(members.AsSpan(0, train)), expected.Length);
            CandidateProbe[] probes = CandidateProbe.Fit(activations, chosen, members, train);
            Assert.Equal(expected, probes.Select(p => (long)p.Unit));

            Tensor metrics = golden.Read(group + ".metrics");
            for (int row = 0; row < probes.Length; row++)
                for (int column = 0; column < columns.Length; column++)
                {
                    double value = metrics[row, column].ToDouble(), actual = Value(probes[row], columns[column]);
                    double tolerance = columns[column] is "coefficient" or "intercept" ? OfCoefficients * Math.Abs(value) : OfScores;
                    Assert.True(Math.Abs(value - actual) <= tolerance, $"{name}, {group}, unit {probes[row].Unit}: {columns[column]} is {actual:r} instead of {value:r}");
                }

            ProbedClass probed = new ClassProbing(expected.Length, [1, 5]).Probe(group, activations, golden.Read("acts"), members, train);
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
