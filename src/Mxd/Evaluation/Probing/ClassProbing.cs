using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Evaluation.Probing;

/// <summary>
/// Sparse probing of one layer (paper, section on sparse probing; Gurnee et al., "Finding neurons in a haystack", 2023): for each class against the rest, the
/// units whose mean activation differs most between both sides on the training texts, a probe for each, and how it does on the others.
/// </summary>
/// <param name="candidates">Units looked at for each class.</param>
/// <param name="sizes">Numbers of units of the probes that take several.</param>
public sealed class ClassProbing(int candidates, IReadOnlyList<int> sizes)
{
    /// <summary>Probes one class.</summary>
    /// <param name="label">Its name.</param>
    /// <param name="activations">Of all texts; the training texts come first.</param>
    /// <param name="output">The layer's pooled output on them, scaled (<see cref="Standardise"/>), [texts,O].</param>
    /// <param name="members">Whether each text is of the class.</param>
    /// <param name="train">Number of training texts; both they and the rest have members and others.</param>
    public ProbedClass Probe(string label, PooledActivations activations, Tensor output, bool[] members, int train)
    {
        using DisposeScope scope = NewDisposeScope();
        double[] differences = activations.Differences(members.AsSpan(0, train));
        int[] largest = CandidateProbe.Choose(differences, Math.Max(candidates, sizes.DefaultIfEmpty(0).Max()));
        double[][] columns = activations.Columns(largest);
        CandidateProbe[] probes = CandidateProbe.Fit([.. largest.Zip(columns).Take(candidates)], members, train);
        CandidateProbe best = probes.MaxBy(p => p.Test.F1)!, onTrain = probes.MaxBy(p => p.Train.F1)!;
        BinaryScores scores = best.Test;
        return new ProbedClass
        {
            Label = label,
            TrainMembers = members.AsSpan(0, train).Count(true),
            TestMembers = members.AsSpan(train).Count(true),
            BestUnit = best.Unit,
            Difference = differences[best.Unit],
            Coefficient = best.Probe.Coefficient,
            Intercept = best.Probe.Intercept,
            F1 = scores.F1,
            BalancedAccuracy = scores.BalancedAccuracy,
            Precision = scores.Precision,
            Recall = scores.Recall,
            Accuracy = scores.Accuracy,
            Mcc = scores.Mcc,
            RocAuc = scores.RocAuc,
            AveragePrecision = scores.AveragePrecision,
            ChosenOnTrain = new ChosenProbe(onTrain.Unit, onTrain.Test),
            Sparse = [.. sizes.Where(size => size <= largest.Length).Select(size => Together(largest[..size], columns[..size], members, train))],
            Dense = Fit(output, members, train),
            Density = ActivationDensity.Of(columns[Array.IndexOf(largest, best.Unit)], members),
        };
    }

    private static SparseProbe Together(int[] units, double[][] columns, bool[] members, int train)
    {
        using DisposeScope scope = NewDisposeScope();
        return new SparseProbe(units, Fit(stack([.. columns.Select(column => tensor(column))], 1), members, train));
    }

    private static BinaryScores Fit(Tensor x, bool[] members, int train)
    {
        using DisposeScope scope = NewDisposeScope();
        LinearProbe probe = LinearProbe.Fit(x.narrow(0, 0, train), members.AsSpan(0, train));
        return BinaryScores.Of(probe.Scores(x.narrow(0, train, x.shape[0] - train)), members.AsSpan(train));
    }

    /// <summary>Each value less its mean over the training texts, by its standard deviation there, in float64; a constant becomes zero.</summary>
    /// <param name="x">[texts,d].</param>
    /// <param name="train">Number of training texts, which come first.</param>
    public static Tensor Standardise(Tensor x, int train)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor all = x.to(ScalarType.Float64), first = all.narrow(0, 0, train);
        Tensor mean = first.mean([0], keepdim: true), centred = first - mean, deviation = (centred * centred).mean([0], keepdim: true).sqrt();
        Tensor scale = where(deviation > Zero, deviation.reciprocal(), zeros_like(deviation));
        return ((all - mean) * scale).MoveToOuterDisposeScope();
    }
}
