using System.CommandLine;
using System.Globalization;
using Mxd.Chat;
using Mxd.Cli.CommandLine;
using Mxd.Exploration.Judging;
using Mxd.Exploration.Steered;
using Mxd.Figures;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary><c>mxd judge</c>: are a steered unit's samples about one thing, and are they text?</summary>
internal static class JudgeCommand
{
    public static Command Create()
    {
        var command = new DocumentedCommand(
            "judge",
            "Score steered samples: concept, whether a unit's samples are about the same, and fluency, whether they are ordinary text.",
            "mxd judge steered.json",
            "mxd judge mxd.json transcoder.json --out figures",
            "mxd judge steered.json --model gpt2 --text held-out.jsonl --json",
            "mxd judge steered.json --judge openai:gpt-4o-mini ollama:llama3.2 --price 0.15,0.60");
        var files = new PathArguments("FILE", "What 'mxd steer --json' printed.");
        command.Arguments.Add(files);
        var defaults = new JudgeOptions();
        var set = new OptionSet<JudgeOptions>(command, defaults);
        var noAsking = new AskingOptions();
        var asking = new OptionSet<AskingOptions>(command, noAsking);
        var json = new Option<bool>("--json") { Description = "Print the result as one JSON document.", Arity = ArgumentArity.Zero };
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            JudgeOptions options = set.Apply(defaults, parsed) with { Given = [.. set.Given(parsed), .. asking.Given(parsed)] };
            IReadOnlyList<string> paths = files.Require(parsed, "name what 'mxd steer --json' printed");
            AskingOptions how = asking.Apply(noAsking, parsed);
            if (options.AsksServices) return ChatJudging.Run(paths, options, how, parsed.GetValue(json));
            JudgeResult result = ProgressDisplay.Show(observer => Run(paths, options, observer));
            if (parsed.GetValue(json)) Output.Json(result);
            else Show(result, options.Out);
            if (result.Stopped == true) throw new OperationCanceledException();
            return 0;
        });
        return command;
    }

    private static JudgeResult Run(IReadOnlyList<string> paths, JudgeOptions options, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        observer.Begin("Reading the samples", 0, "");
        using JudgeInput input = JudgeInput.Open(paths, options, observer, stop.Token);
        return Invocation.Work(() =>
        {
            JudgeResult result = JudgeLocally(input, observer, stop.Token);
            if (options.Out is { } folder) Figure.Save(JudgeFigure.Of(result), folder, "concept-fluency");
            return result;
        });
    }

    /// <summary>What the language model itself finds.</summary>
    public static JudgeResult JudgeLocally(JudgeInput input, IRunObserver observer, CancellationToken cancellation)
    {
        observer.Begin("Loading the language model", 100, "%");
        using LanguageModel model = input.Model.Load(Dtypes.Parse(input.Options.ModelDtype), Devices.Parse(input.Options.Device), new ObservedPercent(observer));
        return new SampleJudge(model, input).Judge(observer, cancellation);
    }

    /// <summary>Mean and spread of a file, in a line.</summary>
    public static string Spread(JudgedSpread spread) =>
        $"{Path.GetFileName(spread.File)}{(spread.Type is { } type ? $" ({type})" : "")}: concept {Two(spread.Concept)} ± {Two(Math.Sqrt(spread.ConceptVariance))}, fluency {Two(spread.Fluency)} ± {Two(Math.Sqrt(spread.FluencyVariance))} over {spread.Units:n0} units (± is one standard deviation)";

    public static string Two(double? value) => value is { } number && double.IsFinite(number) ? number.ToString("f2", CultureInfo.InvariantCulture) : "-";

    private static void Show(JudgeResult result, string? figures)
    {
        bool isSeveral = result.Summary.Count > 1;
        string[] titles = [.. isSeveral ? new[] { "file" } : [], "unit", "concept", "fluency", "likeness", "loss", "distinct", "overlap", "self-BLEU"];
        Output.Columns(titles, result.Unsteered.Select(u => Row(u, "not steered", isSeveral)).Concat(result.Scores.Select(u => Row(u, string.Join(", ", SteeredUnits.NamesOf(u.Units, u.Layers)), isSeveral))));
        foreach (JudgedSpread spread in result.Summary)
            Output.Line(Spread(spread));
        Output.Line(FormattableString.Invariant(
            $"Fluency 1 is the loss of held-out text ({result.LossOfText:f2} nats a token), 0 that of its tokens shuffled ({result.LossOfShuffled:f2}); concept 1 is the likeness of two pieces of one context ({result.LikenessWithin:f2}), 0 that of pieces of different ones ({result.LikenessBetween:f2}); beyond, both are cut. Concept needs two samples a unit."));
        if (figures is not null) Output.Line($"Figure: {Path.Combine(figures, "concept-fluency.svg")}");
    }

    private static string[] Row(JudgedUnits units, string name, bool isSeveral) =>
    [
        .. isSeveral ? new[] { Path.GetFileName(units.File) } : [], name, Two(units.Concept), Two(units.Fluency), Two(units.Likeness), Two(units.Loss),
        units.Tokens?.Distinct.ToString(CultureInfo.InvariantCulture) ?? "-", Two(units.Tokens?.Overlap), Two(units.Tokens?.SelfBleu),
    ];
}
