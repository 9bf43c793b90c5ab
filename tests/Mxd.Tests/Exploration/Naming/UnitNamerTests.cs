using System.Text.Json;
using Mxd.Chat;
using Mxd.Evaluation;
using Mxd.Exploration;
using Mxd.Exploration.Health;
using Mxd.Exploration.Naming;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Tests.Activations;
using Mxd.Tests.Chat;
using Mxd.Tests.Runtime;
using Mxd.Tests.Training;
using Mxd.Training;

namespace Mxd.Tests.Exploration.Naming;

/// <summary>Units that are active on words, on nothing that words tell, seldom and everywhere.</summary>
public sealed class UnitNamerTests : IDisposable
{
    private const int Length = 40, Contexts = 120, Red = 0, Blue = 1, Places = 2, Never = 3, Everywhere = 4, Rare = 5;

    private static readonly NameOptions options = new() { Contexts = Contexts, Control = true, Seed = 3 };

    private readonly CountingModel model = new(Length);
    private readonly TemporaryFolder folder = new();

    public void Dispose()
    {
        folder.Dispose();
        model.Dispose();
    }

    [Fact]
    public void AUnitOfAWord_IsNamedByIt_WithAHighScore()
    {
        using ChatAsker asker = Asker();
        NamingResult result = Run([Blue, Red], asker);
        Assert.Equal([(Blue, "blue"), (Red, "red")], result.Names.Select(n => (n.Unit, n.Name)));
        Assert.All(result.Names, n => Assert.Equal(new NameScore(10, 10, 10, 0), n.Score));
        Assert.Equal(1, result.MeanScore);
        // The other word is in some excerpts, whether the unit is active there or not.
        Assert.All(result.Names, n => Assert.InRange(n.Control!.BalancedAccuracy, 0.2, 0.8));
        Assert.Equal(new ChatUsage(6, 0, 600, 60), Assert.Single(result.Services).Usage);
        Assert.Null(result.Stopped);
    }

    [Fact]
    public void AUnitOfNoWord_HasANameThatSaysLittle()
    {
        using ChatAsker asker = Asker();
        NamedUnit named = Assert.Single(Run([Places], asker).Names);
        Assert.InRange(named.Score.BalancedAccuracy, 0.2, 0.8);
        Assert.Null(named.Control);
    }

    [Fact]
    public void UnitsThatCannotBeTested_AreNotAskedAbout()
    {
        var client = new ScriptedClient((question, _) => WordNamer.Answer(question));
        using ChatAsker asker = Asker(client);
        NamingResult result = Run([Never, Everywhere, Rare, Red], asker);
        Assert.Equal([Red], result.Names.Select(n => n.Unit));
        Assert.Equal(
            [(Never, "it is active in 0 contexts for naming and 0 for scoring, and 5 of each are needed: raise --contexts"), (Everywhere, "it is active nearly everywhere: there are too few excerpts without it"), (Rare, "it is active in 60 contexts for naming and 2 for scoring, and 5 of each are needed: raise --contexts")],
            result.Unnamed.Select(u => (u.Unit, u.Problem)));
        Assert.All(result.Unnamed, u => Assert.False(u.IsFailure));
        Assert.Equal(2, client.Requests);
    }

    [Fact]
    public void Top_PassesOverUnitsThatCannotBeTested()
    {
        UnitTrace trace = UnitTrace.Measure(model, Replacement, model.Contexts(Contexts), Contexts);
        Assert.Equal(Everywhere, trace.MostActive(1)[0]);
        Assert.Equal([Red, Blue], Top(2).Order());
        Assert.Equal([Red, Blue, Places], Top(5).Order());

        IEnumerable<int> Top(int count) => UnitEvidence.OfMostActive(trace, model.Contexts(Contexts), Contexts, count, new WordTokenizer(), options).Select(e => e.Unit);
    }

    /// <summary>Naming and scoring see different contexts; the scorer is not told where the unit is active.</summary>
    [Fact]
    public void HeldOutExcerpts_AreOfOtherContexts_AndUnmarked()
    {
        UnitEvidence evidence = Assert.Single(Evidence([Red], options));
        Assert.Equal(16, evidence.Shown.Count);
        Assert.All(evidence.Shown, e => Assert.True(e.Context < Contexts / 2));
        Assert.Equal((20, 10), (evidence.Tested.Count, evidence.Tested.Count(t => t.IsActive)));
        Assert.All(evidence.Tested, t => Assert.Equal(t.IsActive, t.Text.Split(' ').Contains("red")));
        Assert.DoesNotContain(evidence.Tested, t => t.Text.Contains('«', StringComparison.Ordinal));
        // Strong and weak: its coefficient goes from 1 to 5.
        Assert.Equal([1, 2, 3, 4, 5], evidence.Shown.Select(e => (int)e.Activation).Distinct().Order());
        Assert.Equal(evidence.Tested, Evidence([Red], options)[0].Tested);
        Assert.NotEqual(evidence.Tested, Evidence([Red], options with { Seed = 4 })[0].Tested);
    }

    [Fact]
    public void Marks_HaveStrengthsFrom1To10()
    {
        var excerpt = new UnitExcerpt(0, 0, 2, 8, ["<s>", " a", " cat", " sat"], [9, 0, 8, 0.1f]);
        Assert.Equal("a« cat»(10)« sat»(1)", NamePrompts.Marked(excerpt, 8));
        Assert.Equal("a cat sat", NamePrompts.Plain(excerpt));
        Assert.Equal("<s> a« cat»(8)« sat»(1)", NamePrompts.Marked(excerpt with { Start = 3, Values = [0, 0, 8, 0.1f] }, 10));
    }

    [Fact]
    public void ARefusedName_OrScore_LeavesTheUnitWithoutOne()
    {
        using ChatAsker silent = Asker(new ScriptedClient((_, _) => "I would rather not.")), good = Asker();
        UnnamedUnit unnamed = Assert.Single(Run([Red], silent, good).Unnamed);
        Assert.Equal((Red, "namer gave no answer that can be read, 3 times", true), (unnamed.Unit, unnamed.Problem, unnamed.IsFailure));
        NamingResult unscored = Run([Red], good, silent);
        Assert.Empty(unscored.Names);
        Assert.Equal("its name has no score, because namer gave no answer that can be read, 3 times", Assert.Single(unscored.Unnamed).Problem);
    }

    [Fact]
    public void Stopped_ItSaysSo_AndWhatIsNotScoredHasNoName()
    {
        using var stop = new CancellationTokenSource();
        var client = new ScriptedClient((question, number) =>
        {
            // Both names are there, and one score.
            if (number == 3) stop.Cancel();
            return WordNamer.Answer(question);
        });
        using ChatAsker asker = Asker(client);
        NamingResult result = Look([Red, Blue], asker, asker).Run(1, new Silent(), stop.Token);
        Assert.Equal(("red", true), (Assert.Single(result.Names).Name, result.Stopped));
        Assert.Empty(result.Unnamed);
        Assert.Equal(3, client.Requests);
    }

    [Fact]
    public void Forecast_HasAllRequests_AndNothingOnceAllIsKnown()
    {
        var client = new ScriptedClient((question, _) => WordNamer.Answer(question));
        using ChatAsker first = Asker(client), second = Asker(client);
        UnitNamer namer = Look([Red, Blue], first, first);
        ChatUsage before = Assert.Single(namer.Forecast).Usage;
        Assert.Equal((6, 0), (before.Requests, before.Known));
        Assert.InRange(before.InputTokens, 500, 20000);
        namer.Run(2, new Silent(), default);
        Assert.Equal(6, client.Requests);
        Assert.Equal(new ChatUsage(0, 6, 0, 0), Assert.Single(Look([Red, Blue], second, second).Forecast).Usage);
    }

    [Theory]
    [InlineData("""{"active": [1, 3, 3]}""", "0 2")]
    [InlineData("They are: {\"active\": []}", "")]
    [InlineData("""{"active": [0]}""", null)]
    [InlineData("""{"active": [4]}""", null)]
    [InlineData("""{"active": ["1"]}""", null)]
    [InlineData("""{"active": 1}""", null)]
    [InlineData("1, 3", null)]
    public void Detections_AreNumbersOfExcerpts(string answer, string? places) => Assert.Equal(places, Detection.Read(answer, 3) is { } found ? string.Join(' ', found.Active.Order()) : null);

    [Theory]
    [InlineData("""{"name": " colour\n words ", "explanation": "It is."}""", "colour words")]
    [InlineData("""{"name": "AT MOST EIGHT WORDS", "explanation": "ONE SENTENCE"}""", null)]
    [InlineData("""{"name": "", "explanation": "It is."}""", null)]
    [InlineData("""{"name": 3, "explanation": "It is."}""", null)]
    [InlineData("""{"name": "colours"}""", null)]
    public void Names_AreWords(string answer, string? name) => Assert.Equal(name, UnitNaming.Read(answer)?.Name);

    [Fact]
    public void Scores_AreThoseCountedByHand()
    {
        var score = new NameScore(4, 4, 3, 1);
        Assert.Equal((0.75, 0.75, 0.75), (score.BalancedAccuracy, score.Precision, score.Recall));
        Assert.Equal(0.5, new NameScore(4, 4, 4, 4).BalancedAccuracy);
        Assert.True(double.IsNaN(new NameScore(4, 4, 0, 0).Precision));
    }

    [Fact]
    public void NamesOfARun_AreMerged_AndDroppedOnceItIsTrainedFurther()
    {
        var run = new RunFolder(folder.Path);
        Assert.Null(NamesFile.Find(run));
        new NamesFile(100, [Named(7, "old"), Named(2, "two")], "aa").MergeInto(run);
        new NamesFile(100, [Named(7, "new")], "aa").MergeInto(run);
        Assert.Equal([(2, "two"), (7, "new")], NamesFile.Find(run)!.Names.Select(n => (n.Unit, n.Name)));
        Assert.Equal(0.75, JsonDocument.Parse(File.ReadAllText(run.NamesFile)).RootElement.GetProperty("names")[0].GetProperty("score").GetProperty("balanced_accuracy").GetDouble());
        NamesFile later = NamesFile.Find(run)!.With(new NamesFile(200, [Named(3, "three")], "aa")), other = NamesFile.Find(run)!.With(new NamesFile(100, [Named(3, "three")], "bb"));
        Assert.Equal((200L, 3), (later.TrainedTokens, Assert.Single(later.Names).Unit));
        Assert.Equal(("bb", 3), (other.LayerSha256, Assert.Single(other.Names).Unit));
        File.WriteAllText(run.NamesFile, "{");
        Assert.Contains("names.json cannot be read", Assert.Throws<MxdInputException>(() => NamesFile.Find(run)).Message, StringComparison.Ordinal);

        static NamedUnit Named(int unit, string name) => new(unit, name, "It is.", new NameScore(4, 4, 3, 1), null, "namer", "scorer");
    }

    [Fact]
    public void NamesOfSeveralProcesses_AreAllKept()
    {
        var run = new RunFolder(folder.Path);
        Parallel.For(0, 16, new ParallelOptions { MaxDegreeOfParallelism = 8 }, unit =>
            new NamesFile(100, [new NamedUnit(unit, "a", "It is.", new NameScore(4, 4, 3, 1), null, "namer", "scorer")], "aa").MergeInto(run));
        Assert.Equal(Enumerable.Range(0, 16), NamesFile.Find(run)!.Names.Select(n => n.Unit));
    }

    /// <summary>A control by the same name would be no control.</summary>
    [Fact]
    public void Controls_AreOfOtherNames()
    {
        using ChatAsker same = Asker(new ScriptedClient((question, _) => question.Contains("described as", StringComparison.Ordinal) ? """{"active": []}""" : """{"name": "Words", "explanation": "All."}"""));
        Assert.All(Run([Red, Blue], same).Names, n => Assert.Null(n.Control));
        Assert.Equal(4, same.Usage.Requests);
    }

    [Fact]
    public void InactiveExcerpts_DoNotOverlap()
    {
        var random = new SplitMix64(3);
        var how = new ExplorationOptions();
        List<Sighting> found = UnitEvidence.Inactive([], model.Contexts(20), 10, 20, 8, how, ref random);
        Assert.Equal(8, found.Count);
        Assert.All(found, one => Assert.DoesNotContain(found, other => other != one && other.Context == one.Context && Math.Abs(other.Peak - one.Peak) <= how.Before + how.After));
    }

    /// <summary>The page has every word that is sent.</summary>
    [Fact]
    public void TheDocumentation_HasThePrompts()
    {
        string page = File.ReadAllText(Path.Combine(TestFiles.Root, "docs", "naming.md")).ReplaceLineEndings("\n");
        foreach (string text in new[] { NamePrompts.NamerSystem, NamePrompts.NamerUser, NamePrompts.ScorerSystem, NamePrompts.ScorerUser })
            Assert.Contains($"```\n{text.ReplaceLineEndings("\n")}\n```", page, StringComparison.Ordinal);
    }

    private NamingResult Run(int[] units, ChatAsker namer, ChatAsker? scorer = null) => Look(units, namer, scorer ?? namer).Run(2, new Silent(), default);

    private UnitNamer Look(int[] units, ChatAsker namer, ChatAsker scorer) =>
        UnitNamer.Look(model, Replacement, model.Contexts(Contexts), new WordTokenizer(), units, options, namer, scorer, new Silent(), TestContext.Current.CancellationToken);

    private IReadOnlyList<UnitEvidence> Evidence(int[] units, NameOptions how) => UnitEvidence.Of(
        UnitTrace.Measure(model, Replacement, model.Contexts(Contexts), Contexts), model.Contexts(Contexts), Contexts, units, new WordTokenizer(), how);

    private ChatAsker Asker(ScriptedClient? client = null) =>
        new(new ChatService("namer", client ?? new ScriptedClient((question, _) => WordNamer.Answer(question))), client is null ? null : new ChatCache(folder.Path));

    private static Replacement Replacement => new(new PlaceLayer(6, Coefficient), HookPoint.MlpInput(1), HookPoint.MlpOutput(1));

    private static float Coefficient(int context, int position, int unit)
    {
        string word = WordTokenizer.Word(context * Length + position);
        return unit switch
        {
            Red => word == "red" ? 1 + context % 5 : 0,
            Blue => word == "blue" ? 1 + context % 3 : 0,
            Places => (context + 3 * position) % 50 == 0 ? 1 : 0,
            Everywhere => position % 3 == 0 ? 1 : 0,
            Rare => position == 7 && (context < Contexts / 2 || context > Contexts - 3) ? 1 : 0,
            _ => 0,
        };
    }
}
