using System.Globalization;
using Mxd.Cli.CommandLine;
using Mxd.Evaluation;
using Mxd.Exploration;
using Mxd.Exploration.Units;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary><c>mxd inspect --unit</c>: one unit of a layer.</summary>
internal static class UnitInspection
{
    private const int ShownTokens = 8, ShownExcerpts = 5;

    /// <summary>Of 80 columns, what is left beside the number and the frame.</summary>
    private const int ExcerptWidth = 64;

    public static int Run(InspectOptions options, bool isJson)
    {
        UnitReport report = ProgressDisplay.Show(observer => Inspect(options, observer));
        if (isJson) Output.Json(report);
        else Show(report);
        return 0;
    }

    private static UnitReport Inspect(InspectOptions options, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        ProblemList problems = InspectCommand.Check(options);
        if (options.Other is { } named) problems.Collect(new RunFolder(named).RequireLayer);
        problems.ThrowIfAny();
        int unit = options.Unit!.Value;
        var run = EvalRun.Read(options.Run);
        EvalRun? other = options.Other is { } path ? EvalRun.Read(path) : null;
        problems.AddIf(run.Saved.Layer.Units == 0, $"{run.Path} is of type '{run.Saved.Layer.Type}', which has no units: leave --unit out.");
        problems.AddIf(run.Saved.Layer.Units > 0 && (unit < 0 || unit >= run.Saved.Layer.Units), $"--unit is {unit}, but the layer has {run.Saved.Layer.Units} units: choose one from 0 to {run.Saved.Layer.Units - 1}.");
        problems.AddIf(
            other is not null && (other.Saved.Layer.Type, other.Saved.Layer.InputWidth, other.Saved.Layer.OutputWidth, other.Saved.Input, other.Saved.Output) != (run.Saved.Layer.Type, run.Saved.Layer.InputWidth, run.Saved.Layer.OutputWidth, run.Saved.Input, run.Saved.Output),
            $"{other?.Path} is no layer of the same type, widths and place as {run.Path}: name one that is, from another seed.");
        problems.AddIf(other is not null && Path.GetFullPath(other.Path) == Path.GetFullPath(run.Path), $"--other is {other?.Path}, the run itself: name one from another seed.");
        string? place = problems.Collect(() => options.Model ?? run.FindModel());
        problems.ThrowIfAny();
        using EvalInput? input = InspectCommand.OpenText(options, observer, stop.Token);
        using ModelFile? alone = input is null ? ModelFile.Open(place!, new ObservedDownloads(observer), stop.Token) : null;
        ModelFile file = input?.Model ?? alone!;
        if (alone is not null)
        {
            alone.CheckWeights();
            foreach (string note in run.Notes(alone.Identity, options.AllowOtherWeights)) observer.Note(note);
        }
        if (other is not null) foreach (string note in other.Notes(file.Identity, options.AllowOtherWeights)) observer.Note(note);
        _ = file.Tokenizer.Hash;
        return Invocation.Work(() =>
        {
            observer.Begin("Loading the language model", 100, "%");
            using LanguageModel model = file.Load(Dtypes.Parse(options.ModelDtype), Devices.Parse(options.Device), new ObservedPercent(observer));
            Replacement replacement = run.Load(model.Device);
            using ILayer layer = replacement.Layer;
            using ILayer? match = other?.Load(model.Device).Layer;
            return new UnitInspector(model, replacement, file.Tokenizer).Inspect(run.Path, unit, input?.Text, input?.TextFiles, options.Contexts, match, observer, stop.Token);
        });
    }

    private static void Show(UnitReport report)
    {
        List<(string, string)> facts =
        [
            ("unit", $"{report.Unit} of {report.Run} ({report.Type})"),
            ("looks for", $"{Tokens(report.LooksFor.Highest)} (by embedding)"),
        ];
        if (report.Spectrum is { } spectrum) facts.Add(("its map", Written($"rank {spectrum.Rank} ({spectrum.NormalisedRank:p1} of the largest possible), effective {spectrum.EffectiveRank:f1}")));
        facts.Add(("nearest", $"looking for the same: {Units(report.Nearest.Encoder)}; doing the same: {Units(report.Nearest.Decoder)}"));
        if (report.Other is { } other) facts.Add(("other run", $"looking for the same: {Units(other.Encoder)}; doing the same: {Units(other.Decoder)}"));
        if (report.Activity is { } activity) facts.AddRange(Facts(activity));
        if (report.Effect is { } effect) facts.AddRange(Facts(effect));
        Output.Facts(facts);
        foreach ((string title, IReadOnlyList<UnitExcerpt> excerpts) in new[] { ("Strongest", report.Activity?.Strongest ?? []), ("Others, spread over its range", report.Activity?.Spread ?? []) })
        {
            if (excerpts.Count == 0) continue;
            Output.Line("");
            Output.Line(title);
            foreach (UnitExcerpt excerpt in excerpts.Take(ShownExcerpts)) Output.Line(Written($"  {excerpt.Activation,7:f2}  … {ExcerptLine.Of(excerpt, ExcerptWidth)} …"));
        }
    }

    private static IEnumerable<(string, string)> Facts(UnitContexts activity)
    {
        if (activity.Count == 0)
        {
            yield return ("active", "on none of the text's tokens: look at more by --contexts");
            yield break;
        }
        yield return ("active", Written($"on {activity.Frequency:p3} of tokens ({activity.Count:n0}), in {activity.Contexts:n0} contexts; mean {activity.Mean:f3}, largest {activity.Maximum:f3}"));
        if (activity.CommonTokens.Count > 0) yield return ("most on", string.Join(", ", activity.CommonTokens.Select(t => Written($"'{TokenSigns.Alone(t.Text)}' {t.Share:p0}"))) + " of its activation, at least");
        ActivationHistogram bins = activity.Activations;
        if (bins.Counts.Count > 0) yield return ("activations", string.Join(", ", bins.Counts.Select((count, i) => Written($"{count} from {Math.Pow(2, bins.First + i * bins.Width):g2}"))));
    }

    private static IEnumerable<(string, string)> Facts(UnitEffect effect)
    {
        yield return ("promotes", Tokens(effect.Promotes.Highest));
        yield return ("suppresses", Tokens(effect.Promotes.Lowest));
        yield return ("without it", Written($"cross-entropy {Signed(effect.CrossEntropy)} and KL {effect.Kl:f4} nats at the {effect.Active:n0} tokens it is active on in {effect.Contexts} contexts; {effect.CrossEntropyOverall:+0.00000;-0.00000} and {effect.KlOverall:f5} over all of these"));
        yield return ("its share", Written($"the layer's error on these tokens grows by {effect.Reconstruction:p2} of the target's variance"));
    }

    /// <summary>Of a unit that is active on last tokens alone, which predict nothing, there is none.</summary>
    private static string Signed(double value) => double.IsFinite(value) ? value.ToString("+0.0000;-0.0000", CultureInfo.InvariantCulture) : "–";

    private static string Tokens(IReadOnlyList<TokenScore> tokens) => string.Join(", ", tokens.Take(ShownTokens).Select(t => $"'{TokenSigns.Alone(t.Text)}'"));

    private static string Units(IReadOnlyList<NearUnit> units) => string.Join(", ", units.Take(3).Select(u => Written($"{u.Unit} ({u.Cosine:f2})")));

    private static string Written(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
