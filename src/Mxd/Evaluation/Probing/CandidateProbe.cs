namespace Mxd.Evaluation.Probing;

/// <summary>A unit that may stand for a class, with a probe fitted on the training texts.</summary>
/// <param name="Unit">Its number.</param>
/// <param name="Probe">The probe.</param>
/// <param name="Train">How it does on the texts it was fitted on.</param>
/// <param name="Test">How it does on the others.</param>
public sealed record CandidateProbe(int Unit, UnitProbe Probe, BinaryScores Train, BinaryScores Test)
{
    /// <summary>The units with the largest signed difference of means, largest first; of equal ones the lower number.</summary>
    public static int[] Choose(double[] differences, int count)
    {
        int[] units = [.. Enumerable.Range(0, differences.Length)];
        Array.Sort(units, (a, b) => differences[a] != differences[b] ? differences[b].CompareTo(differences[a]) : a.CompareTo(b));
        return units[..Math.Min(count, units.Length)];
    }

    /// <summary>Fits a probe on each of some units, in ascending order of their numbers.</summary>
    /// <param name="units">The units, each with its activation on all texts; the training texts come first.</param>
    /// <param name="members">Whether each text is of the class.</param>
    /// <param name="train">Number of training texts; there are members and others among them.</param>
    public static CandidateProbe[] Fit(IReadOnlyList<(int Unit, double[] Activations)> units, bool[] members, int train) =>
        [.. units.OrderBy(u => u.Unit).AsParallel().AsOrdered().Select(u => Fit(u.Unit, u.Activations, members, train))];

    private static CandidateProbe Fit(int unit, double[] x, bool[] members, int train)
    {
        UnitProbe probe = UnitProbe.Fit(x.AsSpan(0, train), members.AsSpan(0, train));
        double[] scores = Array.ConvertAll(x, probe.Score);
        return new CandidateProbe(
            unit, probe, BinaryScores.Of(scores.AsSpan(0, train), members.AsSpan(0, train)), BinaryScores.Of(scores.AsSpan(train), members.AsSpan(train)));
    }
}
