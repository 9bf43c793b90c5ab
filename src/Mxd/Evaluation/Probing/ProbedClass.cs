namespace Mxd.Evaluation.Probing;

/// <summary>How well a layer's units tell one class from the rest. What is not said otherwise is measured on the test texts.</summary>
public sealed record ProbedClass
{
    public required string Label { get; init; }

    /// <summary>Texts of the class among the training texts.</summary>
    public required int TrainMembers { get; init; }

    /// <summary>Texts of the class among the test texts.</summary>
    public required int TestMembers { get; init; }

    /// <summary>The unit, of the candidates, whose probe has the best F1 on the test texts: the published protocol, which is kind to a layer, since it chooses on what it reports.</summary>
    public required int BestUnit { get; init; }

    /// <summary>Its mean over the class less its mean over the rest, on the training texts.</summary>
    public required double Difference { get; init; }

    public required double Coefficient { get; init; }

    public required double Intercept { get; init; }

    public required double F1 { get; init; }

    public required double BalancedAccuracy { get; init; }

    public required double Precision { get; init; }

    public required double Recall { get; init; }

    public required double Accuracy { get; init; }

    public required double Mcc { get; init; }

    public required double RocAuc { get; init; }

    public required double AveragePrecision { get; init; }

    /// <summary>The unit whose probe has the best F1 on the training texts: an honest choice.</summary>
    public required ChosenProbe ChosenOnTrain { get; init; }

    /// <summary>Probes of several units at once, those with the largest differences.</summary>
    public required IReadOnlyList<SparseProbe> Sparse { get; init; }

    /// <summary>A probe of the layer's whole output, which is scaled to unit variance: what one could hope for.</summary>
    public required BinaryScores Dense { get; init; }

    /// <summary>How the best unit's activation is spread over both sides.</summary>
    public required ActivationDensity Density { get; init; }
}

/// <summary>A unit and its probe's scores on the test texts.</summary>
public sealed record ChosenProbe(int Unit, BinaryScores Scores);

/// <summary>A probe of several units together.</summary>
/// <param name="Units">The units, the largest difference first.</param>
/// <param name="Scores">On the test texts.</param>
public sealed record SparseProbe(IReadOnlyList<int> Units, BinaryScores Scores)
{
    public int Size => Units.Count;
}

/// <summary>Shares of texts by a unit's activation, in bins of equal width from <paramref name="From"/> to <paramref name="To"/>.</summary>
/// <param name="From">The smallest activation of all texts.</param>
/// <param name="To">The largest.</param>
/// <param name="Members">Of the texts of the class, the share in each bin.</param>
/// <param name="Others">Of the other texts.</param>
public sealed record ActivationDensity(double From, double To, IReadOnlyList<double> Members, IReadOnlyList<double> Others)
{
    private const int Bins = 40;

    /// <param name="x">The activation on each text.</param>
    /// <param name="members">Whether each is of the class; some are, and some are not.</param>
    public static ActivationDensity Of(double[] x, bool[] members)
    {
        (double from, double to) = (x.Min(), x.Max());
        double count = members.Count(member => member), others = x.Length - count;
        var shares = (Members: new double[Bins], Others: new double[Bins]);
        for (int i = 0; i < x.Length; i++)
        {
            int bin = to > from ? Math.Min(Bins - 1, (int)((x[i] - from) / (to - from) * Bins)) : 0;
            if (members[i]) shares.Members[bin] += 1 / count;
            else shares.Others[bin] += 1 / others;
        }
        return new ActivationDensity(from, to, shares.Members, shares.Others);
    }
}
