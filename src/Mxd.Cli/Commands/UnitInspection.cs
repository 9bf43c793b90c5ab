using System.Diagnostics;
using System.Globalization;
using Mxd.Cli.CommandLine;
using Mxd.Exploration;
using Mxd.Exploration.Units;
using Mxd.LanguageModels;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary><c>mxd inspect --unit</c> and <c>--units</c>: units of a layer.</summary>
internal static class UnitInspection
{
    private const int ShownTokens = 8, ShownExcerpts = 5;

    /// <summary>Of 80 columns, what is left beside the number and the frame.</summary>
    private const int ExcerptWidth = 64;

    public static int Run(InspectOptions options, bool isJson) => options.Unit is null ? Many(options, isJson) : One(options, isJson);

    private static int One(InspectOptions options, bool isJson)
    {
        UnitReport report = ProgressDisplay.Show(observer => Work(options, observer, UnitReporting.One));
        if (isJson) Output.Json(report);
        else Show(report);
        return 0;
    }

    private static int Many(InspectOptions options, bool isJson)
    {
        var clock = Stopwatch.StartNew();
        IReadOnlyList<UnitReportFolder> folders = ProgressDisplay.Show(observer => Work(options, observer, UnitReporting.Many));
        var made = new MadeReports([.. folders.Select(f => new MadeReport(f.Index.Run, new RunFolder(f.Index.Run).UnitsFolder, f.Index.Units.Count, f.Bytes, f.Index.Usage, f.Index.Stability, f.Index.Stopped))], clock.Elapsed.TotalSeconds, ProcessMemory.Peak);
        if (isJson) Output.Json(made);
        else Show(made);
        UsageOutput.Write(options.Out, [.. folders.Where(f => f.Index.Usage is not null).Select(f => (new RunFolder(f.Index.Run), f.Index.Type, f.Index.Usage!))], isJson);
        if (folders.Count < options.Run.Count || folders.Any(f => f.Index.Stopped == true)) throw new OperationCanceledException();
        return 0;
    }

    private static T Work<T>(InspectOptions options, IRunObserver observer, Func<LanguageModel, InspectInput, IRunObserver, CancellationToken, T> work)
    {
        using var stop = new StopSignal(observer);
        using var input = InspectInput.Open(options, observer, stop.Token);
        return Invocation.Work(() =>
        {
            observer.Begin("Loading the language model", 100, "%");
            using LanguageModel model = input.Model!.Load(Dtypes.Parse(options.ModelDtype), Devices.Parse(options.Device), new ObservedPercent(observer));
            return work(model, input, observer, stop.Token);
        });
    }

    private static void Show(MadeReports made)
    {
        foreach (MadeReport one in made.Runs)
        {
            List<(string, string)> facts = [("run", one.Run), ("reports", $"{one.Units:n0} units in {one.Folder}, {ByteSize.Format(one.Bytes)}{(one.Stopped == true ? ", stopped before all were made" : "")}")];
            if (one.Usage is { } use) facts.Add(("text", string.Create(CultureInfo.InvariantCulture, $"{use.Tokens:n0} tokens of {use.Contexts:n0} contexts; {use.Units - use.Never:n0} of {use.Units:n0} units are active on some")));
            if (one.Stability is { } other)
                facts.Add(("other run", Written($"of {other.Units:n0} units {other.Matched:n0} have a match (cosine 0.7 or more{(double.IsFinite(other.MedianDecoder) ? " in what they look for and in what they do" : " in what they look for")}); median cosine of the best match {other.MedianEncoder:f2} in what they look for{(double.IsFinite(other.MedianDecoder) ? $", {other.MedianDecoder:f2} in what they do" : "")}")));
            Output.Facts(facts);
            Output.Line("");
        }
        Output.Line(Written($"Time {Duration.Format(TimeSpan.FromSeconds(made.Seconds))}, peak memory {ByteSize.Format(made.PeakMemoryBytes)}. Each line of units.jsonl has the form of what 'mxd inspect --unit n --json' prints."));
    }

    private static void Show(UnitReport report)
    {
        List<(string, string)> facts =
        [
            ("unit", $"{report.Unit} of {report.Run} ({report.Type})"),
            ("looks for", $"{Tokens(report.LooksFor.Highest)} (by embedding)"),
        ];
        if (report.Name is { } name)
            facts.Insert(1, ("named", Written($"{name.Name} (by {name.Namer}; {name.Scorer} tells by it where the unit is active, balanced accuracy {name.Score.BalancedAccuracy:f2} on {name.Score.Active + name.Score.Inactive} held-out excerpts)")));
        if (report.Spectrum is { } spectrum) facts.Add(("its map", Written($"rank {spectrum.Rank} ({spectrum.NormalisedRank:p1} of the largest possible), effective {spectrum.EffectiveRank:f1}")));
        facts.Add(("nearest", $"looking for the same: {Units(report.Nearest.Encoder)}; doing the same: {Units(report.Nearest.Decoder)}"));
        if (report.Other is { } other) facts.Add(("other run", $"looking for the same: {Units(other.Encoder)}; {(other.Decoder.Count > 0 ? $"doing the same: {Units(other.Decoder)}" : "what experts do is not compared across runs")}"));
        if (report.Activity is { } activity) facts.AddRange(Facts(activity));
        if (report.Contribution is { } contribution) facts.AddRange(Facts(contribution));
        if (report.Effect is { } effect)
            facts.Add(("without it", Written($"cross-entropy {Signed(effect.CrossEntropy)} and KL {effect.Kl:f4} nats at the {effect.Active:n0} tokens it is active on in {effect.Contexts} contexts; {effect.CrossEntropyOverall:+0.00000;-0.00000} and {effect.KlOverall:f5} over all of these")));
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

    private static IEnumerable<(string, string)> Facts(UnitContribution contribution)
    {
        yield return ("promotes", Tokens(contribution.Promotes.Highest));
        yield return ("suppresses", Tokens(contribution.Promotes.Lowest));
        yield return ("its share", Written($"without it the layer's error on its tokens grows by {contribution.Reconstruction:p2} of the target's variance there, and FVU on the whole text by {contribution.Fvu:g2}"));
    }

    /// <summary>Of a unit that is active on last tokens alone, which predict nothing, there is none.</summary>
    private static string Signed(double value) => double.IsFinite(value) ? value.ToString("+0.0000;-0.0000", CultureInfo.InvariantCulture) : "–";

    private static string Tokens(IReadOnlyList<TokenScore> tokens) => string.Join(", ", tokens.Take(ShownTokens).Select(t => $"'{TokenSigns.Alone(t.Text)}'"));

    private static string Units(IReadOnlyList<NearUnit> units) => string.Join(", ", units.Take(3).Select(u => Written($"{u.Unit} ({u.Cosine:f2})")));

    private static string Written(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>What is printed of reports on many units.</summary>
    private sealed record MadeReports(IReadOnlyList<MadeReport> Runs, double Seconds, long PeakMemoryBytes);

    private sealed record MadeReport(string Run, string Folder, int Units, long Bytes, UsageSummary? Usage, UnitStability? Stability, bool? Stopped);
}
