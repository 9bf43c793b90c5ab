using Mxd.DemoModel;

namespace Mxd.Tests.DemoModel;

public sealed class KneserNeyTests
{
    private const int Vocabulary = 7;

    private static readonly int[][] sequences =
        [.. Enumerable.Range(1, 20).Select(seed => { var random = new Random(seed); return (int[])[0, .. Enumerable.Range(0, 30).Select(_ => random.Next(random.Next(1, Vocabulary)))]; })];

    [Fact]
    public void Probability_SumsToOne_AfterAnyContext()
    {
        var model = new KneserNey(sequences, Vocabulary);
        Assert.Equal(1, Enumerable.Range(0, Vocabulary).Sum(next => model.Probability(null, null, next)), 12);
        for (int second = 0; second < Vocabulary; second++)
            foreach (int? first in new int?[] { null, 0, 3, Vocabulary - 1 })
                Assert.Equal(1, Enumerable.Range(0, Vocabulary).Sum(next => model.Probability(first, second, next)), 12);
    }

    [Fact]
    public void Probability_IsThatOfTheEquations()
    {
        // Kinds of neighbours: N(· 1), N(· 2), N(· 3) = 2, 1, 1, so D1 = 2 / (2 + 2); N(· 1 2) = 2 and the other three bigrams 1, so D2 = 3 / (3 + 2).
        var model = new KneserNey([[0, 1, 2, 1, 2, 3]], 4);
        double unigram = ((1 - 0.5) / 4) + (0.5 * 3 / 4 / 4), bigram = ((1 - 0.6) / 2) + (0.6 * 2 / 2 * unigram);
        Assert.Equal(unigram, model.Probability(null, null, 3), 12);
        Assert.Equal(bigram, model.Probability(null, 2, 3), 12);
        // All trigrams are met once: D3 = 1 leaves nothing to them.
        Assert.Equal(bigram, model.Probability(1, 2, 3), 12);
    }

    [Fact]
    public void CrossEntropy_IsTheMeanOverAllButFirstTokens()
    {
        var model = new KneserNey(sequences, Vocabulary);
        double expected = -(Math.Log(model.Probability(null, 0, 1)) + Math.Log(model.Probability(0, 1, 2))) / 2;
        Assert.Equal(expected, model.CrossEntropy([[0, 1, 2]], separator: 0), 12);
    }

    [Fact]
    public void CrossEntropy_AfterAFirstTokenAmidADocument_LooksAtTheDocumentsTokensAlone()
    {
        const int Separator = 6;
        var model = new KneserNey(sequences, Vocabulary);
        // Two documents, cut after three tokens each: 1 2 3 | 4 5 6 | 1 2 3.
        double start = Log(null, 0, 1) + Log(0, 1, 2) + Log(1, 2, 3), amid = Log(null, null, 4) + Log(null, 4, 5) + Log(4, 5, Separator);
        Assert.Equal((start + amid + start) / 9, model.CrossEntropy([[0, 1, 2, 3], [0, 4, 5, Separator], [0, 1, 2, 3]], Separator), 12);
        Assert.NotEqual(Log(null, 0, 4), Log(null, null, 4), 1e-3);

        double Log(int? first, int? second, int next) => -Math.Log(model.Probability(first, second, next));
    }
}
