using Mxd.LanguageModels.Generation;

namespace Mxd.Tests.LanguageModels.Generation;

public class SamplerTests
{
    private static readonly float[] logits = [0.5f, 2, -1, 1, 2, -3];

    [Theory]
    [InlineData(1, null, 1.0)]
    [InlineData(0.5, null, 1.0)]
    [InlineData(1, 3, 1.0)]
    [InlineData(2, null, 0.8)]
    [InlineData(1, 4, 0.6)]
    public void Next_DrawsByTheProbabilities(double temperature, int? topK, double topP)
    {
        const int Draws = 40_000;
        var sampler = new Sampler(new SamplingOptions { Temperature = temperature, TopK = topK, TopP = topP, Seed = 3 }, 0);
        int[] counts = new int[logits.Length];
        for (int i = 0; i < Draws; i++) counts[sampler.Next(logits)]++;
        double[] expected = Probabilities([.. logits.Select(l => l / temperature)], topK ?? logits.Length, topP);
        for (int i = 0; i < logits.Length; i++)
        {
            // Five standard deviations of a binomial count; a token that may not be drawn never is.
            double allowed = 5 * Math.Sqrt(Draws * expected[i] * (1 - expected[i]));
            Assert.InRange(counts[i], Draws * expected[i] - allowed, Draws * expected[i] + allowed);
        }
    }

    [Fact]
    public void TemperatureZero_TakesTheFirstOfTheMostLikely() =>
        Assert.Equal(1, new Sampler(new SamplingOptions { Temperature = 0 }, 0).Next(logits));

    [Fact]
    public void TheSmallestNucleus_IsTheMostLikelyToken()
    {
        var sampler = new Sampler(new SamplingOptions { TopP = 1e-9 }, 0);
        Assert.All(Enumerable.Range(0, 100), _ => Assert.Equal(1, sampler.Next(logits)));
    }

    [Fact]
    public void Penalties_ComeOffWhatTheSequenceHas()
    {
        var frequency = new Sampler(new SamplingOptions { Temperature = 0, FrequencyPenalty = 0.6 }, 0);
        frequency.Add(1);
        frequency.Add(4);
        frequency.Add(4);
        // 1 has 2 - 0.6, 4 has 2 - 1.2, 3 has 1.
        Assert.Equal(1, frequency.Next(logits));
        frequency.Add(1);
        Assert.Equal(3, frequency.Next(logits));
        var presence = new Sampler(new SamplingOptions { Temperature = 0, PresencePenalty = 0.6 }, 0);
        presence.Add(1);
        presence.Add(1);
        Assert.Equal(4, presence.Next(logits));
        presence.Add(4);
        Assert.Equal(1, presence.Next(logits));
    }

    [Fact]
    public void ASample_DependsOnItsSeedAndNumberAlone()
    {
        Assert.Equal(Draw(1, 0), Draw(1, 0));
        Assert.NotEqual(Draw(1, 0), Draw(1, 1));
        Assert.NotEqual(Draw(1, 0), Draw(2, 0));

        static int[] Draw(long seed, int sample)
        {
            var sampler = new Sampler(new SamplingOptions { Seed = seed }, sample);
            return [.. Enumerable.Range(0, 50).Select(_ => sampler.Next(logits))];
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void LogitsThatAreNoNumbers_AreRefused(float bad) => Assert.Contains(
        "token 2", Assert.Throws<InvalidOperationException>(() => new Sampler(new SamplingOptions(), 0).Next([0, 1, bad])).Message, StringComparison.Ordinal);

    [Fact]
    public void ImpossibleTokens_AreNotDrawn()
    {
        var sampler = new Sampler(new SamplingOptions(), 0);
        Assert.All(Enumerable.Range(0, 100), _ => Assert.Equal(1, sampler.Next([float.NegativeInfinity, 0, float.NegativeInfinity])));
    }

    [Fact]
    public void Penalties_ComeOffBeforeTheTemperature()
    {
        // 2 - 1.5 is less than 1 at every temperature, also in the limit.
        foreach (double temperature in new[] { 0, 1e-310, 1e-3, 0.1 })
        {
            var sampler = new Sampler(new SamplingOptions { Temperature = temperature, PresencePenalty = 1.5 }, 0);
            sampler.Add(0);
            Assert.Equal(1, sampler.Next([2, 1, -3]));
        }
    }

    [Theory]
    [InlineData(null, 0.7)]
    [InlineData(50, 1.0)]
    [InlineData(400, 0.3)]
    [InlineData(5, 0.99)]
    public void OfManyTokens_TheSameAreKeptAsByTheDefinition(int? topK, double topP)
    {
        var random = new Random(2);
        float[] many = [.. Enumerable.Range(0, 600).Select(_ => MathF.Round(5 * random.NextSingle(), 1))];
        double[] expected = Probabilities([.. many.Select(l => (double)l)], topK ?? many.Length, topP);
        var sampler = new Sampler(new SamplingOptions { TopK = topK, TopP = topP, Seed = 1 }, 0);
        int[] drawn = [.. Enumerable.Range(0, 20_000).Select(_ => sampler.Next(many)).Distinct()];
        Assert.All(drawn, token => Assert.True(expected[token] > 0));
        Assert.True(drawn.Length > 0.9 * expected.Count(p => p > 0), $"{drawn.Length} of {expected.Count(p => p > 0)} tokens were drawn.");
    }

    [Fact]
    public void WhereNoTokenIsPossible_ThatIsSaid() => Assert.Contains(
        "Every token", Assert.Throws<InvalidOperationException>(() => new Sampler(new SamplingOptions(), 0).Next([float.NegativeInfinity, float.NegativeInfinity])).Message, StringComparison.Ordinal);

    [Fact]
    public void Problems_NameEachOption() => Assert.Equal(
        ["--temperature", "--top-k", "--top-p", "--frequency-penalty", "--presence-penalty"],
        new SamplingOptions { Temperature = -1, TopK = 0, TopP = 0, FrequencyPenalty = double.NaN, PresencePenalty = 1e300 }
            .Problems().Select(p => p.Split(' ')[0]));

    /// <summary>By a definition of its own: a token stays if fewer than K are before it, and if what is before it does not reach the share.</summary>
    private static double[] Probabilities(double[] scaled, int topK, double topP)
    {
        int[] order = [.. Enumerable.Range(0, scaled.Length).OrderByDescending(i => scaled[i])];
        double all = order.Take(topK).Sum(i => Math.Exp(scaled[i])), before = 0;
        double[] kept = new double[scaled.Length];
        foreach (int i in order.Take(topK))
        {
            double share = Math.Exp(scaled[i]) / all;
            if (before < topP) kept[i] = share;
            before += share;
        }
        return [.. kept.Select(share => share / kept.Sum())];
    }
}
