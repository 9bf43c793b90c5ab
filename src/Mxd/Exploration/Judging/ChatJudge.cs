using Mxd.Chat;
using Mxd.Metrics;
using Mxd.Training;

namespace Mxd.Exploration.Judging;

/// <summary>Judges steered samples by asking language models of services, each about each unit, as the paper does. What was answered before is not asked again.</summary>
public sealed class ChatJudge
{
    private readonly IReadOnlyList<ChatAsker> judges;
    private readonly Judged[] sets;
    private readonly ChatBatch<ChatScores> batch;
    private readonly IReadOnlyList<JudgedFile> files;

    /// <summary>Looks up what is known; asks nothing yet.</summary>
    public ChatJudge(IReadOnlyList<JudgedFile> files, IReadOnlyList<ChatAsker> judges)
    {
        (this.files, this.judges) = (files, judges);
        sets = [.. files.SelectMany(file => (file.Unsteered.Count > 0 ? [new SampleSet([], file.Unsteered)] : Array.Empty<SampleSet>()).Concat(file.Sets).Select(set => new Judged(file, set)))];
        batch = new ChatBatch<ChatScores>([.. sets.SelectMany(set => judges.Select(judge => new ChatTask<ChatScores>(judge, JudgePrompt.Of(set.File.Prompt, set.Set.Samples))))]);
    }

    /// <summary>What judging will take of each judge.</summary>
    public IReadOnlyList<ChatForecast> Forecast => [.. judges.Select(judge => new ChatForecast(judge.Service, batch.Forecast(judge)))];

    /// <summary>Judges. Stopped, or with judges that failed, it returns what there is by then.</summary>
    /// <param name="parallel">Requests at a time.</param>
    /// <param name="local">What the language model itself found of the same files, to compare; null where it was not asked.</param>
    /// <param name="observer">Hears of progress.</param>
    /// <param name="cancellation">Stops it.</param>
    public JudgeResult Judge(int parallel, JudgeResult? local, IRunObserver observer, CancellationToken cancellation)
    {
        observer.Begin("Asking the judges", batch.Requests, "requests");
        batch.Run(parallel, new ObservedCount(observer), cancellation).GetAwaiter().GetResult();
        JudgedUnits[] all = [.. sets.Select((set, i) => Result(i, [.. batch.Outcomes.Skip(i * judges.Count).Take(judges.Count)], local)).OfType<JudgedUnits>()];
        JudgedUnits[] scores = [.. all.Where(u => u.Units.Count > 0)];
        string[] names = [.. local is null ? Array.Empty<string>() : [JudgeScore.Local], .. judges.Select(judge => judge.Service.Name)];
        return new JudgeResult(
            scores, [.. all.Where(u => u.Units.Count == 0)], [.. files.Select(file => JudgedSpread.Of(file, [.. scores.Where(s => s.File == file.Path)]))],
            local?.LossOfText, local?.LossOfShuffled, local?.LikenessWithin, local?.LikenessBetween,
            [.. names.Select(name => Work(name, all))], [.. Pairs(names, scores)], cancellation.IsCancellationRequested && (batch.Outcomes.Contains(null) || local?.Stopped == true) ? true : null);
    }

    /// <summary>What the judges say of a unit; null where none has said anything.</summary>
    private JudgedUnits? Result(int number, ChatOutcome<ChatScores>?[] outcomes, JudgeResult? local)
    {
        Judged set = sets[number];
        JudgeScore[] scores = [.. judges.Zip(outcomes).Where(o => o.Second is not null).Select(o => new JudgeScore(o.First.Service.Name, o.Second!.Value?.Concept ?? double.NaN, o.Second.Value?.Fluency ?? double.NaN, o.Second.Problem))];
        JudgedUnits? own = local is null ? null : LocalOf(number, local);
        if (scores.Length == 0 && own is null) return null;
        JudgeScore[] given = [.. scores.Where(s => s.Problem is null)];
        double concept = given.Select(s => s.Concept).DefaultIfEmpty(double.NaN).Average(), fluency = given.Select(s => s.Fluency).DefaultIfEmpty(double.NaN).Average();
        JudgeScore[] first = own is null ? [] : [new JudgeScore(JudgeScore.Local, own.Concept, own.Fluency)];
        return new JudgedUnits(set.File.Path, set.File.Type, set.Set.Units, concept, fluency, own?.Likeness, own?.Loss, own?.Tokens, [.. first, .. scores], set.Set.Layers);
    }

    /// <summary>What the language model found of a set: its results are in the order of the files' sets, in which a unit may be several times. Null where it was stopped before.</summary>
    private JudgedUnits? LocalOf(int number, JudgeResult local)
    {
        Judged set = sets[number];
        if (set.Set.Units.Count == 0) return local.Unsteered.FirstOrDefault(u => u.File == set.File.Path);
        int before = sets.Take(number).Count(other => other.File == set.File && other.Set.Units.Count > 0);
        return local.Scores.Where(u => u.File == set.File.Path).ElementAtOrDefault(before);
    }

    private JudgeWork Work(string name, JudgedUnits[] all)
    {
        JudgeScore[] own = [.. all.SelectMany(u => u.Judges!).Where(s => s.Judge == name)];
        int unscored = own.Count(s => s.Problem is not null);
        return judges.FirstOrDefault(judge => judge.Service.Name == name) is { } judge
            ? new JudgeWork(name, own.Length - unscored, unscored, judge.Usage, judge.Usage.Cost(judge.Service), judge.Failure)
            : new JudgeWork(name, own.Length, 0);
    }

    private static IEnumerable<JudgeAgreement> Pairs(string[] names, JudgedUnits[] scores)
    {
        for (int second = 1; second < names.Length; second++)
            for (int first = 0; first < second; first++) yield return new JudgeAgreement(names[first], names[second], Agree(names[first], names[second], scores, s => s.Concept), Agree(names[first], names[second], scores, s => s.Fluency));
    }

    /// <summary>Over the units to which both gave a number.</summary>
    private static Correlation Agree(string first, string second, JudgedUnits[] scores, Func<JudgeScore, double> of)
    {
        (double First, double Second)[] both = [.. scores.Select(unit => (Score(unit, first), Score(unit, second))).Where(pair => double.IsFinite(pair.Item1) && double.IsFinite(pair.Item2))];
        return Correlation.Of([.. both.Select(pair => pair.First)], [.. both.Select(pair => pair.Second)]);

        double Score(JudgedUnits unit, string judge) => unit.Judges!.FirstOrDefault(s => s.Judge == judge) is { } score ? of(score) : double.NaN;
    }

    private sealed record Judged(JudgedFile File, SampleSet Set);
}
