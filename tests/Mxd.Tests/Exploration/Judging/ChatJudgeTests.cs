using System.Globalization;
using Mxd.Chat;
using Mxd.Exploration.Judging;
using Mxd.Tests.Chat;
using Mxd.Tests.Training;

namespace Mxd.Tests.Exploration.Judging;

public class ChatJudgeTests
{
    private static readonly JudgedFile file = new("steered.json", "mxd", null, "So", ["plain"], [new SampleSet([1], ["x 0.2"]), new SampleSet([2], ["x 0.4", "same"]), new SampleSet([7, 8], ["x 0.9"])]);

    [Theory]
    [InlineData("""{"concept": 0.25, "fluency": 1}""", 0.25, 1)]
    [InlineData("Sure!\n```json\n{\"fluency\": 0.5, \"concept\": 0, \"why\": {\"a\": [\"}\"]}}\n```\nDone.", 0, 0.5)]
    [InlineData("<think>{\"concept\": 0.1, \"fluency\": 0.1} is too low {</think> {\"concept\": 0.7, \"fluency\": 8e-1,}", 0.7, 0.8)]
    [InlineData("{{\"concept\": 0.5, \"fluency\": 0.5}}", 0.5, 0.5)]
    [InlineData("{\"thoughts\": [{\"concept\": 0.1, \"fluency\": 0.1}], \"answer\": {\"scores\": {\"concept\": 0.6, \"fluency\": 0.4}}}", 0.6, 0.4)]
    public void Scores_AreFoundInAnAnswer(string answer, double concept, double fluency) => Assert.Equal(new ChatScores(concept, fluency), ChatScores.Read(answer));

    [Theory]
    [InlineData("")]
    [InlineData("I cannot judge that.")]
    [InlineData("concept: 0.5, fluency: 0.5")]
    [InlineData("""{"concept": 0.5}""")]
    [InlineData("""{"concept": "0.5", "fluency": 0.5}""")]
    [InlineData("""{"concept": 1.01, "fluency": 0.5}""")]
    [InlineData("""{"concept": 0.5, "fluency": -0.1}""")]
    [InlineData("""{"concept": null, "fluency": 0.5}""")]
    [InlineData("""{"concept": 0.5, "fluency": 0.5""")]
    [InlineData("""{"concept": NaN, "fluency": 0.5}""")]
    public void OtherAnswers_AreNonsense(string answer) => Assert.Null(ChatScores.Read(answer));

    [Fact]
    public void JudgesArePooled_AndCompared()
    {
        using ChatAsker a = Asker("a", question => Number(question)), b = Asker("b", question => 1 - Number(question));
        JudgeResult result = Judge(a, b);
        Assert.Equal(["1", "2", "7 8"], result.Scores.Select(s => string.Join(' ', s.Units)));
        Assert.All(result.Scores, s => Assert.Equal(0.5, s.Concept, 1e-12));
        Assert.Equal([0.2, 0.8], result.Scores[0].Judges!.Select(j => j.Concept));
        Assert.Single(result.Unsteered);
        // Each judge's scores count by themselves: 0.2, 0.4, 0.9 and what is left to one.
        JudgedSpread spread = Assert.Single(result.Summary);
        double[] pooled = [0.2, 0.4, 0.9, 0.8, 0.6, 0.1];
        Assert.Equal((3, 0.5), (spread.Units, Math.Round(spread.Concept, 12)));
        Assert.Equal(pooled.Sum(p => (p - 0.5) * (p - 0.5)) / 5, spread.ConceptVariance, 1e-12);
        JudgeAgreement agreement = Assert.Single(result.Agreement!);
        Assert.Equal(("a", "b", 3), (agreement.First, agreement.Second, agreement.Concept.Count));
        Assert.Equal(-1, agreement.Concept.Pearson, 1e-12);
        Assert.Equal((0.6 + 0.2 + 0.8) / 3, agreement.Concept.MeanAbsoluteDifference, 1e-12);
        Assert.Null(result.Stopped);
    }

    [Fact]
    public void AUnitThatOneJudgeDoesNotScore_HasTheOthers()
    {
        using ChatAsker a = Asker("a", question => Number(question) == 0.4 ? double.NaN : Number(question)), b = Asker("b", _ => 0.5);
        JudgeResult result = Judge(a, b);
        Assert.Equal(0.5, result.Scores[1].Concept);
        Assert.Contains("a gave no answer that can be read", result.Scores[1].Judges![0].Problem, StringComparison.Ordinal);
        Assert.Equal((3, 1), (result.Judges![0].Units, result.Judges[0].Unscored));
        Assert.Equal(2, result.Agreement![0].Concept.Count);
    }

    [Fact]
    public void TheLocalJudge_IsCompared_AndNotPooled()
    {
        using ChatAsker a = Asker("a", question => Number(question));
        JudgedUnits Local(int[] units, double value) => new("steered.json", "mxd", units, value, value, 0.1, 3, new SampleLikeness(1, 1, 1));
        var local = new JudgeResult([Local([1], 0.1), Local([2], 0.2), Local([7, 8], 0.3)], [Local([], 0.4)], [], 3, 6, 0.5, 0.1);
        JudgeResult result = new ChatJudge([file], [a]).Judge(2, local, new Silent(), default);
        Assert.Equal([0.2, 0.4, 0.9], result.Scores.Select(s => s.Concept));
        Assert.Equal(["local", "a"], result.Scores[0].Judges!.Select(j => j.Judge));
        Assert.Equal(0.1, result.Scores[0].Likeness);
        Assert.Equal(3, result.LossOfText);
        Assert.Equal(1, Assert.Single(result.Agreement!).Concept.Spearman, 1e-12);
        Assert.Equal((0.2 + 0.4 + 0.9) / 3, result.Summary[0].Concept, 1e-12);
    }

    /// <summary>A unit of one sample has no concept.</summary>
    [Fact]
    public void AUnitWithoutAConcept_CountsForFluencyAlone()
    {
        (double Concept, double Fluency)[] points = [(0.2, 0.5), (double.NaN, 0.8), (0.6, 0.1)];
        var spread = JudgedSpread.Of(file, [.. points.Select((p, i) => new JudgedUnits("steered.json", "mxd", [i], p.Concept, p.Fluency, null, null, null))]);
        Assert.Equal(3, spread.Units);
        Assert.Equal(0.4, spread.Concept, 1e-12);
        Assert.Equal(1.4 / 3, spread.Fluency, 1e-12);
        Assert.Equal(0.08, spread.ConceptVariance, 1e-12);
        Assert.Equal(-0.08, spread.Covariance, 1e-12);
        Assert.True(spread.FluencyVariance > 0.12);
    }

    [Fact]
    public void OptionsThatChangeNothing_AreRefused()
    {
        Assert.Equal("--yes, --parallel are for asking services, and --judge names none: leave them out, or name one by --judge.", Assert.Single(new JudgeOptions { Given = ["--contexts", "--yes", "--parallel"] }.Problems()));
        JudgeOptions asked = new() { Judge = ["openai:m"], Given = ["--judge", "--yes", "--device"] };
        Assert.Equal("--device is for the language model itself, and --judge names services alone: leave it out, or add local to --judge.", Assert.Single(asked.Problems()));
        Assert.Empty((asked with { Judge = ["openai:m", "local"] }).Problems());
    }

    /// <summary>The page has every word that is sent.</summary>
    [Fact]
    public void TheDocumentation_HasThePrompts()
    {
        string page = File.ReadAllText(Path.Combine(TestFiles.Root, "docs", "judging.md")).ReplaceLineEndings("\n");
        foreach (string text in new[] { JudgePrompt.System, JudgePrompt.User, ChatAsker.Reminder }) Assert.Contains($"```\n{text.ReplaceLineEndings("\n")}\n```", page, StringComparison.Ordinal);
    }

    [Fact]
    public void APrompt_HasTheSamplesAsTheyAre()
    {
        string user = JudgePrompt.Of("So {samples}", ["line\nbreak \"and\" more", "日本 {prompt}"]).Prompt.User;
        Assert.Contains("\"So {samples}\"", user, StringComparison.Ordinal);
        Assert.Contains("1. \"line\\nbreak \\\"and\\\" more\"\n2. \"日本 {prompt}\"\n", user, StringComparison.Ordinal);
        Assert.EndsWith("{\"concept\": NUMBER, \"fluency\": NUMBER}", user, StringComparison.Ordinal);
    }

    private static JudgeResult Judge(params ChatAsker[] judges) => new ChatJudge([file], judges).Judge(2, null, new Silent(), default);

    private static ChatAsker Asker(string name, Func<string, double> score) =>
        new(new ChatService(name, new ScriptedClient((question, _) => score(question) is var value && double.IsNaN(value) ? "no" : string.Create(CultureInfo.InvariantCulture, $"{{\"concept\": {value}, \"fluency\": {value}}}"))), null);

    /// <summary>What stands after the first sample's x; 0 where there is none.</summary>
    private static double Number(string question) =>
        question.Split("1. \"x ") is [_, var rest] ? double.Parse(rest[..rest.IndexOf('"', StringComparison.Ordinal)], CultureInfo.InvariantCulture) : 0;
}
