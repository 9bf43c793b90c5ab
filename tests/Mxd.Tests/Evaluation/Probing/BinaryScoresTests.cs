using CsCheck;
using Mxd.Evaluation.Probing;

namespace Mxd.Tests.Evaluation.Probing;

public class BinaryScoresTests
{
    /// <summary>Members: scores 3, 1, -1; others: 2, 1, -2. Above zero: 3, 1 of the members, 2, 1 of the others.</summary>
    /// <summary>Whatever the number of members, no rounding makes it more than 1.</summary>
    [Fact]
    public void APerfectOrder_HasAnAveragePrecisionOfOne()
    {
        for (int members = 1; members < 200; members++)
        {
            double[] scores = [.. Enumerable.Range(0, 200).Select(i => (double)-i)];
            bool[] isMember = [.. Enumerable.Range(0, 200).Select(i => i < members)];
            Assert.Equal(1, BinaryScores.Of(scores, isMember).AveragePrecision);
        }
    }

    [Fact]
    public void Scores_AreThoseCountedByHand()
    {
        BinaryScores scores = BinaryScores.Of([3, 2, 1, 1, -1, -2], [true, false, true, false, true, false]);
        Assert.Equal(2.0 / 4, scores.Precision, 1e-15);
        Assert.Equal(2.0 / 3, scores.Recall, 1e-15);
        Assert.Equal(4.0 / 7, scores.F1, 1e-15);
        Assert.Equal((2.0 / 3 + 1.0 / 3) / 2, scores.BalancedAccuracy, 1e-15);
        Assert.Equal(3.0 / 6, scores.Accuracy, 1e-15);
        Assert.Equal((2 * 1 - 2 * 1) / Math.Sqrt(4 * 3 * 3 * 2), scores.Mcc, 1e-15);
        // 3 beats all three; 1 ties with 1 and beats -2; -1 beats -2.
        Assert.Equal((3 + 1.5 + 1) / 9, scores.RocAuc, 1e-15);
        // Thresholds 3, 2, 1, -1: recall rises by a third at 3 (precision 1), at 1 (2/4) and at -1 (3/5).
        Assert.Equal((1 + 0.5 + 0.6) / 3, scores.AveragePrecision, 1e-15);
    }

    [Fact]
    public void ARatioOfNothing_IsZero()
    {
        Assert.Equal(new BinaryScores(0, 0.5, 0, 0, 0.5, 0, 0.5, 0.5), BinaryScores.Of([0, 0], [true, false]));
        Assert.Equal(new BinaryScores(0, 0.5, 0, 0, 1, 0, 0, 0), BinaryScores.Of([-1], [false]));
    }

    [Fact]
    public void WhatIsNoNumber_IsNoScore() => Assert.Throws<ArgumentException>(() => BinaryScores.Of([1, double.NaN], [true, false]));

    [Fact]
    public void TheArea_IsTheShareOfPairsInOrder() => Gen.Int[-3, 3].Select(Gen.Bool).Array[2, 30].Sample(texts =>
    {
        double[] scores = [.. texts.Select(t => (double)t.Item1)];
        bool[] members = [.. texts.Select(t => t.Item2)];
        double[] ins = [.. scores.Where((_, i) => members[i])], outs = [.. scores.Where((_, i) => !members[i])];
        double pairs = ins.Sum(a => outs.Sum(b => a > b ? 1 : a == b ? 0.5 : 0));
        Assert.Equal(ins.Length * outs.Length == 0 ? 0 : pairs / (ins.Length * outs.Length), BinaryScores.Of(scores, members).RocAuc, 1e-12);
    });
}
