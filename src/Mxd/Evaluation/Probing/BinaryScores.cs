namespace Mxd.Evaluation.Probing;

/// <summary>How well scores tell the members of a class from the rest: members are those with a score above zero. A ratio 0/0 is 0.</summary>
/// <param name="F1">Harmonic mean of precision and recall.</param>
/// <param name="BalancedAccuracy">Mean of the shares of members and of others that are told rightly.</param>
/// <param name="Precision">Share of members among those that are told to be.</param>
/// <param name="Recall">Share of the members that are told.</param>
/// <param name="Accuracy">Share of all that are told rightly.</param>
/// <param name="Mcc">Matthews' correlation coefficient.</param>
/// <param name="RocAuc">Probability that a member's score is above another's, ties counting half.</param>
/// <param name="AveragePrecision">Σ (Rₙ - Rₙ₋₁) Pₙ over the distinct scores as thresholds, from the highest down.</param>
public sealed record BinaryScores(
    double F1, double BalancedAccuracy, double Precision, double Recall, double Accuracy, double Mcc, double RocAuc, double AveragePrecision)
{
    /// <param name="scores">A score each, any number of them.</param>
    /// <param name="members">Whether each is one.</param>
    /// <exception cref="ArgumentException">A score is not a number.</exception>
    public static BinaryScores Of(ReadOnlySpan<double> scores, ReadOnlySpan<bool> members)
    {
        foreach (double score in scores)
            if (double.IsNaN(score)) throw new ArgumentException("A score is not a number.", nameof(scores));
        double truePositives = 0, falsePositives = 0, trueNegatives = 0, falseNegatives = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            if (scores[i] > 0 && members[i]) truePositives++;
            else if (scores[i] > 0) falsePositives++;
            else if (members[i]) falseNegatives++;
            else trueNegatives++;
        }
        double precision = Ratio(truePositives, truePositives + falsePositives), recall = Ratio(truePositives, truePositives + falseNegatives);
        double product = (truePositives + falsePositives) * (truePositives + falseNegatives) * (trueNegatives + falsePositives) * (trueNegatives + falseNegatives);
        (double area, double average) = Ranked(scores, members);
        return new BinaryScores(
            Ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives),
            (recall + Ratio(trueNegatives, trueNegatives + falsePositives)) / 2,
            precision,
            recall,
            Ratio(truePositives + trueNegatives, scores.Length),
            Ratio(truePositives * trueNegatives - falsePositives * falseNegatives, Math.Sqrt(product)),
            area,
            average);
    }

    /// <summary>What depends on the order of the scores alone: ROC-AUC and average precision.</summary>
    private static (double Area, double Average) Ranked(ReadOnlySpan<double> scores, ReadOnlySpan<bool> members)
    {
        double[] sorted = scores.ToArray();
        bool[] sortedMembers = members.ToArray();
        Array.Sort(sorted, sortedMembers);
        double all = members.Count(true), others = scores.Length - all;
        double hits = 0, misses = 0, area = 0, average = 0;
        for (int i = sorted.Length - 1, next; i >= 0; i = next)
        {
            double tiedHits = 0, tiedMisses = 0;
            for (next = i; next >= 0 && sorted[next] == sorted[i]; next--)
            {
                if (sortedMembers[next]) tiedHits++;
                else tiedMisses++;
            }
            area += tiedMisses * (hits + tiedHits / 2);
            hits += tiedHits;
            misses += tiedMisses;
            average += tiedHits * (hits / (hits + misses));
        }
        return (Ratio(area, all * others), Ratio(average, all));
    }

    private static double Ratio(double part, double whole) => whole == 0 ? 0 : part / whole;
}
