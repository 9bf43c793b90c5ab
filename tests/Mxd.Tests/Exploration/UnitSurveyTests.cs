using System.Text;
using Mxd.Activations;
using Mxd.Exploration;
using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Exploration;

public sealed class UnitSurveyTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Excerpts_GiveACharacterOfSeveralTokens_ToItsLast()
    {
        // The euro sign is the bytes E2 82 AC; the unit is active on the second.
        UnitSurvey survey = Survey("a€b", 1, (token, _) => token == 0x82 ? 2 : 0);
        UnitExcerpt excerpt = Assert.Single(survey.ContextsOf(0).Strongest);
        Assert.Equal(["<|end|>", "a", "", "", "€", "b"], excerpt.Tokens);
        Assert.Equal([0, 0, 0, 2f, 0, 0], excerpt.Values);
        Assert.Equal("⟨82⟩", Assert.Single(survey.ContextsOf(0).CommonTokens).Text);
    }

    [Fact]
    public void Excerpts_ThatBeginWithinACharacter_ShowItWhole()
    {
        UnitSurvey survey = Survey("a€b", 1, (token, _) => token == 'b' ? 2 : 0, new ExplorationOptions { Before = 2 });
        Assert.Equal(["", "€", "b"], survey.ContextsOf(0).Strongest[0].Tokens);
    }

    [Fact]
    public void CommonTokens_AreSharesOfTheSumOfCoefficients()
    {
        UnitSurvey survey = Survey("abcabcaab", 1, (token, _) => token switch { 'a' => 3, 'b' => 1, 'c' => 0.5f, _ => 0 });
        UnitContexts unit = survey.ContextsOf(0);
        Assert.Equal(["a", "b", "c"], unit.CommonTokens.Select(t => t.Text));
        Assert.Equal([12.0 / 16, 3.0 / 16, 1.0 / 16], unit.CommonTokens.Select(t => t.Share));
    }

    [Fact]
    public void ContextsOf_AUnitThatIsNeverActive_AreNone()
    {
        UnitContexts unit = Survey("abc", 2, (token, unit) => unit).ContextsOf(0);
        Assert.Equal((0L, 0.0, null, 0.0, 0L), (unit.Count, unit.Frequency, unit.Mean, unit.Maximum, unit.Contexts));
        Assert.Empty(unit.Strongest);
        Assert.Empty(unit.Spread);
        Assert.Throws<ArgumentOutOfRangeException>(() => Survey("abc", 2, (_, _) => 1).ContextsOf(2));
    }

    [Fact]
    public void WhatIsKept_DoesNotGrowWithTheText()
    {
        PackedContexts text = Pack(string.Concat(Enumerable.Repeat("abcdefgh", 2000)), 9);
        var tally = new LayerTally(50, new ExplorationOptions());
        Add(0, 100);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Add(100, 1900);
        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        // 95,000 more sightings; a byte each would be more.
        Assert.True(grown < 64 << 10, $"{grown:n0} bytes more are held.");
        GC.KeepAlive(tally);

        void Add(int first, int count)
        {
            for (int i = first; i < first + count; i++)
            {
                using DisposeScope one = NewDisposeScope();
                tally.Add(text, i, 1, CodeEntries.Of(new DenseCodes(ones(9, 50) * (1 + i % 13))));
            }
        }
    }

    [Fact]
    public void Selection_TakesTokenUnitsAndTopicUnits_ByTurns()
    {
        // Contexts of eight letters after the first token; the topic unit is active on all of every tenth context, the token unit on each 'a'.
        string text = string.Concat(Enumerable.Range(0, 100).Select(i => i % 10 == 0 ? "qrstuvwx" : "abcdefgh"));
        UnitSurvey survey = Survey(text, 5, (token, unit) => unit switch
        {
            0 => 1, // active on everything: neither
            1 => token == 'a' ? 1 : 0,
            2 => token is >= 'q' and <= 'x' ? 1 : 0,
            3 => token == 'a' ? 2 : 0, // another unit of 'a': passed over
            _ => 0, // never active
        }, length: 9);
        IReadOnlyList<ChosenUnit> chosen = UnitSelection.Choose(survey, 10);
        Assert.Equal([1, 2], chosen.Take(2).Select(c => c.Unit));
        Assert.Equal([Distinction.Tokens, Distinction.Topic], chosen.Take(2).Select(c => c.Distinction));
        Assert.Equal(1, chosen[0].Score);
        Assert.Equal(1 - 10 / (100 * (1 - Math.Pow(0.99, 80))), chosen[1].Score, 1e-12);
        Assert.DoesNotContain(3, chosen.Select(c => c.Unit));
        Assert.DoesNotContain(4, chosen.Select(c => c.Unit));
        Assert.Equal(1, Assert.Single(UnitSelection.Choose(survey, 1)).Unit);
    }

    [Fact]
    public void Selection_PassesOverUnitsOfFewContexts()
    {
        string text = string.Concat(Enumerable.Range(0, 50).Select(i => i < 4 ? "abcdefgh" : "ijklmnop"));
        Assert.Empty(UnitSelection.Choose(Survey(text, 1, (token, _) => token == 'a' ? 1 : 0, length: 9), 4));
    }

    [Fact]
    public void CommonTokens_AreNeverOverstated_AndShortByLittle()
    {
        var random = new Random(1);
        for (int trial = 0; trial < 200; trial++)
        {
            var common = new CommonTokens();
            var truth = new Dictionary<int, double>();
            double total = 0;
            for (int i = 0; i < random.Next(1, 400); i++)
            {
                (int token, double weight) = ((int)Math.Pow(random.Next(1, 40), 1.5), random.NextDouble());
                common.Add(token, weight);
                truth[token] = truth.GetValueOrDefault(token) + weight;
                total += weight;
            }
            foreach ((int token, double share) in common.Largest(3)) Assert.InRange(share * total, truth[token] - total / (CommonTokens.Counters + 1) - 1e-9, truth[token] + 1e-9);
        }
    }

    [Fact]
    public void Histogram_HasAPlaceForEveryShare()
    {
        UsageHistogram histogram = UsageHistogram.Of([0, 1, 10, 100, 1000, 999, 178, 177], 1000);
        Assert.Equal((-3, 0.25, 12), (histogram.First, histogram.Width, histogram.Counts.Count));
        // log₁₀ 0.178 = -0.7496 and log₁₀ 0.177 = -0.752 lie on either side of an edge.
        Assert.Equal([1, 0, 0, 0, 1, 0, 0, 0, 2, 1, 0, 2L], histogram.Counts);
    }

    [Fact]
    public void Summary_OfUnitsUsedAlike_HasThatManyEffectiveUnits()
    {
        UsageSummary summary = new UnitUsage(5, 50, [10, 10, 0, 10, 10], [1, 1, 0, 1, 1], [1, 1, 0, 1, 1]).Summarise();
        Assert.Equal(4, summary.EffectiveUnits, 1e-12);
        Assert.Equal(Math.Log(4), summary.Entropy, 1e-12);
        Assert.Equal((1, 0.8, 0.2, 0.2), (summary.Never, summary.L0, summary.MedianFrequency, summary.LargestFrequency));
    }

    private static PackedContexts Pack(string text, int length) => Packing.Pack([[.. Encoding.UTF8.GetBytes(text).Select(b => (int)b)]], 256, 256, length);

    /// <summary>Looks at a text with a token a byte, whose units are a function of the token.</summary>
    private static UnitSurvey Survey(string text, int units, Func<int, int, float> coefficient, ExplorationOptions? options = null, int length = 0)
    {
        options ??= new ExplorationOptions();
        PackedContexts packed = Pack(text, length == 0 ? Encoding.UTF8.GetByteCount(text) + 1 : length);
        var tally = new LayerTally(units, options);
        for (int i = 0; i < packed.Count; i++)
        {
            int[] tokens = packed[i].ToArray();
            Tensor values = tensor([.. tokens.SelectMany(token => Enumerable.Range(0, units).Select(unit => coefficient(token, unit)))], tokens.Length, units);
            tally.Add(packed, i, 1, [.. CodeEntries.Of(new DenseCodes(values)).Where(entry => entry.Value > 0)]);
        }
        return new UnitSurvey(tally, null, packed, new ByteTokenizer(), options);
    }
}
