using System.CommandLine;
using System.Globalization;
using Mxd.Cli.CommandLine;
using Mxd.Evaluation;
using Mxd.Exploration;
using Mxd.Exploration.Health;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary><c>mxd inspect</c>: what a trained or imported layer is and costs, what ranks its experts have, how different its units are and how they are used.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var command = new DocumentedCommand(
            "inspect",
            "Show what a layer is and costs (type, shapes, parameters, FLOPs, memory), ranks of its experts, how different its units are from one another, and how they are used on text.",
            "mxd inspect --run runs/mxd",
            "mxd inspect --run runs/mxd --sample 64 --json",
            "mxd inspect --run runs/mxd --unit 484 --contexts 512 --other runs/mxd-seed1",
            "mxd inspect --run runs/mxd runs/transcoder --units all --contexts 1024",
            "mxd inspect --run runs/imported --model gpt2 --text held-out.jsonl --contexts 256");
        var defaults = new InspectOptions();
        var set = new OptionSet<InspectOptions>(command, defaults);
        foreach (Option required in set.Of(nameof(InspectOptions.Run))) command.Require(required);
        var json = new Option<bool>("--json") { Description = "Print the result as one JSON document.", Arity = ArgumentArity.Zero };
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            InspectOptions options = set.Apply(defaults, parsed);
            if (options.Unit is not null || options.Units.Count > 0) return UnitInspection.Run(options, parsed.GetValue(json));
            Inspection inspection = ProgressDisplay.Show(observer => Inspect(options, observer));
            if (parsed.GetValue(json)) Output.Json(inspection);
            else Show(inspection);
            UsageOutput.Write(options.Out, inspection.Use is { } use ? [(new RunFolder(inspection.Run), inspection.Type, use.Summary)] : [], parsed.GetValue(json));
            return 0;
        });
        return command;
    }

    private static Inspection Inspect(InspectOptions options, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        using var input = InspectInput.Open(options, observer, stop.Token);
        RunFolder folder = input.Runs[0].Folder;
        observer.Begin("Looking at the layer", 0, "");
        LayerReport report = LayerReport.Of(folder.LayerFile, options.Batch, options.Sample, stop.Token);
        UnitsInUse? use = input.Text is not { } text ? null : Invocation.Work(() => Use(options, text, observer, stop.Token));
        LayerCost cost = report.Cost;
        return new Inspection(
            folder.Path, report.Saved.Layer.Type, cost.Parameters, cost.ForwardFlops, cost.TrainingFlops, cost.InferenceBytes, cost.TrainingBytes, report.Batch,
            report.Saved.Layer, report.Saved.Input, report.Saved.Output, report.Saved.Model?.Id ?? report.Saved.Imported?.ModelName, report.Saved.Origin?.TrainedTokens, report.Saved.Imported?.Format, report.Parameters, report.Ranks, report.Diversity, use);
    }

    private static UnitsInUse Use(InspectOptions options, EvalInput input, IRunObserver observer, CancellationToken cancellation)
    {
        observer.Begin("Loading the language model", 100, "%");
        using LanguageModel model = input.Model.Load(Dtypes.Parse(options.ModelDtype), Devices.Parse(options.Device), new ObservedPercent(observer));
        Replacement replacement = input.Runs[0].Load(model.Device);
        using ILayer layer = replacement.Layer;
        observer.Begin("Looking at the use of units", Math.Min(options.ContextsRead, input.Text.Count), "contexts");
        return UnitsInUse.Of(UnitTrace.Measure(model, replacement, input.Text, options.ContextsRead, new ObservedCount(observer), cancellation), input.TextFiles);
    }

    private static void Show(Inspection i)
    {
        LayerType type = LayerTypes.Get(i.Type);
        List<(string, string)> facts =
        [
            ("run", i.Run),
            ("layer", $"{type.Title}: {i.Layer.InputWidth} -> {i.Layer.OutputWidth}, {string.Join(", ", LayerFacts.Of(i.Layer))}"),
            .. Place(i),
            ("parameters", $"{i.Parameters:n0}"),
            ("FLOPs a token", $"{Count(i.FlopsPerToken.Dense)} forward{(i.Layer.Units > 0 ? $"; {Count(i.FlopsPerToken.Sparse)} if only chosen units are decoded" : "")}"),
            ("in training", $"{Count(i.TrainingFlopsPerToken.Dense)}{(i.Layer.Units > 0 ? $"; {Count(i.TrainingFlopsPerToken.Sparse)} if only chosen units are touched" : "")}"),
            ("memory", $"{ByteSize.Format(i.InferenceBytes.Dense)} to use, {ByteSize.Format(i.TrainingBytes.Dense)} to train, at {i.Batch:n0} tokens"),
        ];
        if (i.Ranks is { } ranks)
        {
            facts.Add(("ranks", $"{ranks.Sampled} experts: mean {ranks.Mean:f1} of {ranks.LargestPossible} ({ranks.MeanNormalised:p1}), smallest {ranks.Minimum}, effective {ranks.MeanEffective:f1}"));
            ExpertSpectrum first = ranks.Experts[0];
            facts.Add(("spectrum", $"expert {first.Expert}: {string.Join(", ", Quartiles(first.SingularValues).Select(s => s.ToString("g3", CultureInfo.InvariantCulture)))} (singular values, largest to smallest, by quarters)"));
        }
        else if (i.Layer.Units > 0)
        {
            facts.Add(("ranks", "each unit adds one vector to the output: rank 1"));
        }
        if (i.Diversity is { } diversity)
        {
            facts.Add(("alike", $"{Alike(diversity.Encoders, "look for")}; {Alike(diversity.Decoders, "do")}"));
            if (diversity.Collapse is { } collapse) facts.Add(("collapse", collapse));
        }
        if (i.Use is { } use) facts.AddRange(Use(use));
        Output.Facts(facts);
        Output.Line("");
        Output.Facts([.. i.Tensors.Select(t => (t.Key, $"[{string.Join(", ", t.Shape)}], norm {t.Norm.ToString("g4", CultureInfo.InvariantCulture)}{(t.Trained ? "" : ", not trained")}"))]);
    }

    private static string Alike(AlikeUnits alike, string what) => FormattableString.Invariant(
        $"in what they {what}, {alike.NearlyEqual:n0} units have a nearly equal one (cosine {AlikeUnits.Nearly} or more), the nearest is at {alike.MedianNearest:f2} (median), all pairs at {alike.MeanCosine:f3} (mean)");

    private static IEnumerable<(string, string)> Use(UnitsInUse use)
    {
        UsageSummary s = use.Summary;
        CultureInfo culture = CultureInfo.InvariantCulture;
        yield return ("use", string.Create(culture, $"on {s.Tokens:n0} tokens of {s.Contexts:n0} contexts: {s.L0:f1} units a token; {s.Never:n0} of {s.Units:n0} units never active, {use.AlwaysOn.Count:n0} on more than half of the tokens"));
        yield return ("spread", string.Create(culture, $"as even as {s.EffectiveUnits:n0} units used alike (entropy {s.Entropy:f2} nats); the median of those in use is active on {s.MedianFrequency:p3} of tokens, the commonest on {s.LargestFrequency:p1}"));
        yield return ("frequencies", string.Join(", ", s.Histogram.Counts.Select((count, i) => (count, from: s.Histogram.First + i * s.Histogram.Width)).GroupBy(b => (int)Math.Floor(b.from + 1e-9))
            .Select(decade => string.Create(culture, $"{decade.Sum(b => b.count):n0} from 1e{decade.Key} to 1e{decade.Key + 1}"))) + " (units by share of tokens)");
        if (use.CoActive.Count > 0)
            yield return ("together", string.Join(", ", use.CoActive.Take(5).Select(p => string.Create(culture, $"{p.First} and {p.Second} ({p.Cosine:f2})"))) + " (cosine of the tokens they are active on, of the commonest 512)");
    }

    private static IEnumerable<(string, string)> Place(Inspection i)
    {
        if (i.Input is not null) yield return ("stands at", $"{(i.Input == i.Output ? i.Input : $"{i.Input} -> {i.Output}")}{(i.Model is { } model ? $" of {model}" : "")}");
        if (i.TrainedTokens is { } tokens) yield return ("trained on", $"{tokens:n0} tokens");
        if (i.ImportedFrom is { } format) yield return ("imported", $"from {format}");
    }

    private static IEnumerable<double> Quartiles(IReadOnlyList<double> values) =>
        Enumerable.Range(0, 5).Select(quarter => values[(int)Math.Round(quarter / 4.0 * (values.Count - 1))]);

    private static string Count(long flops) => flops switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{flops / 1e9:f2} G"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{flops / 1e6:f2} M"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{flops:n0}"),
    };

    /// <summary>What is printed, for people or as JSON.</summary>
    private sealed record Inspection(
        string Run,
        string Type,
        long Parameters,
        DenseAndSparse FlopsPerToken,
        DenseAndSparse TrainingFlopsPerToken,
        DenseAndSparse InferenceBytes,
        DenseAndSparse TrainingBytes,
        long Batch,
        LayerOptions Layer,
        string? Input,
        string? Output,
        string? Model,
        long? TrainedTokens,
        string? ImportedFrom,
        IReadOnlyList<ParameterReport> Tensors,
        RankReport? Ranks,
        UnitDiversity? Diversity,
        UnitsInUse? Use);
}
