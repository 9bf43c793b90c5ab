using System.Globalization;
using Mxd.Chat;
using Mxd.Cli.Chat;
using Mxd.Cli.CommandLine;
using Mxd.Exploration.Judging;
using Mxd.Exploration.Steered;
using Mxd.Figures;
using Mxd.Metrics;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary><c>mxd judge --judge</c>: language models of services judge.</summary>
internal static class ChatJudging
{
    public static int Run(IReadOnlyList<string> paths, JudgeOptions options, AskingOptions asking, bool isJson)
    {
        using ChatJudgeInput input = ProgressDisplay.Show(observer =>
        {
            using var stop = new StopSignal(observer);
            return ChatJudgeInput.Open(paths, options, asking, Environment.GetEnvironmentVariable, observer, stop.Token);
        });
        using var askers = new Askers(input.Services, asking);
        var judge = new ChatJudge(input.Files, askers.All);
        Spending.Agree(judge.Forecast, asking);
        JudgeResult result = ProgressDisplay.Show(observer => askers.Observed(observer, () => Invocation.Work(() => Judge(judge, input, options, asking, observer))));
        if (isJson) Output.Json(result);
        else Show(result, input, options.Out);
        foreach (string problem in Problems(result)) Console.Error.WriteLine("mxd: " + problem);
        foreach (string failure in result.Judges!.Select(j => j.Failure).OfType<string>()) Console.Error.WriteLine("mxd: " + failure);
        if (result.Stopped == true) Askers.Stopped();
        return result.Judges!.Any(j => j.Failure is not null || j.Unscored > 0) ? 1 : 0;
    }

    private static JudgeResult Judge(ChatJudge judge, ChatJudgeInput input, JudgeOptions options, AskingOptions asking, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        JudgeResult? local = input.Local is { } own ? JudgeCommand.JudgeLocally(own, observer, stop.Token) : null;
        JudgeResult result = judge.Judge(asking.Parallel, local, observer, stop.Token);
        if (options.Out is { } folder) Figure.Save(JudgeFigure.Of(result), folder, "concept-fluency");
        return result;
    }

    private static void Show(JudgeResult result, ChatJudgeInput input, string? figures)
    {
        bool isSeveral = result.Summary.Count > 1;
        JudgeWork[] judges = [.. result.Judges!];
        string[] titles = [.. isSeveral ? new[] { "file" } : [], "unit", "concept", "fluency", .. judges.Length > 1 ? judges.Select((_, i) => Column(i)) : []];
        if (result.Scores.Count + result.Unsteered.Count > 0) Output.Columns(titles, result.Unsteered.Select(u => Row(u, "not steered", isSeveral, judges)).Concat(result.Scores.Select(u => Row(u, NameOf(u), isSeveral, judges))));
        for (int i = 0; i < judges.Length; i++) Output.Line($"{(judges.Length > 1 ? Column(i) + " " : "")}{Worked(judges[i], input)}");
        foreach (JudgeAgreement agreement in result.Agreement!) Output.Line($"{agreement.First} and {agreement.Second}, over {agreement.Fluency.Count:n0} units: concept {Agreed(agreement.Concept)}; fluency {Agreed(agreement.Fluency)}");
        foreach (JudgedSpread spread in result.Summary.Where(s => s.Units > 0)) Output.Line(JudgeCommand.Spread(spread));
        Output.Line($"{(judges.Length > 1 ? "Concept and fluency are the means of the judges that are services; ± is over each of their scores. " : "")}How the judges are asked: docs/judging.md.");
        if (figures is not null) Output.Line($"Figure: {Path.Combine(figures, "concept-fluency.svg")}");
    }

    private static IEnumerable<string> Problems(JudgeResult result) =>
        from units in result.Unsteered.Concat(result.Scores)
        from problem in units.Judges!.Select(judge => judge.Problem).OfType<string>()
        select $"{(units.Units.Count == 0 ? "What was not steered" : $"Unit {NameOf(units)}")} of {Path.GetFileName(units.File)} has no score: {problem}.";

    private static string NameOf(JudgedUnits units) => string.Join(", ", SteeredUnits.NamesOf(units.Units, units.Layers));

    private static string Worked(JudgeWork judge, ChatJudgeInput input) => judge.Usage is { } usage
        ? Spending.Took(judge.Judge, usage, judge.Cost, input.Services.Any(s => s.Spec.Name == judge.Judge && s.IsFree))
        : $"{judge.Judge}: the language model itself.";

    private static string Agreed(Correlation c) => $"Pearson {JudgeCommand.Two(c.Pearson)}, Spearman {JudgeCommand.Two(c.Spearman)}, mean difference {JudgeCommand.Two(c.MeanAbsoluteDifference)}";

    /// <summary>Names are long: columns have numbers, which are explained below.</summary>
    private static string Column(int judge) => (judge + 1).ToString("[0]", CultureInfo.InvariantCulture);

    private static string[] Row(JudgedUnits units, string name, bool isSeveral, JudgeWork[] judges) =>
    [
        .. isSeveral ? new[] { Path.GetFileName(units.File) } : [], name, JudgeCommand.Two(units.Concept), JudgeCommand.Two(units.Fluency),
        .. judges.Length > 1 ? judges.Select(judge => units.Judges!.FirstOrDefault(s => s.Judge == judge.Judge) is { } score ? $"{JudgeCommand.Two(score.Concept)} {JudgeCommand.Two(score.Fluency)}" : "-") : [],
    ];
}
