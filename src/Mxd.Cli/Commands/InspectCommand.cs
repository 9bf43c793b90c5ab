using System.CommandLine;
using System.Globalization;
using Mxd.Cli.CommandLine;
using Mxd.Exploration;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary>Options of <c>mxd inspect</c>.</summary>
internal sealed record InspectOptions
{
    [Option("--run", "The run folder.", IsPath = true)]
    public string Run { get; init; } = "";

    [Option("--sample", "Experts whose rank is worked out, spread evenly over all.")]
    public int Sample { get; init; } = 16;

    [Option("--batch", "Tokens at once, for memory.")]
    public long Batch { get; init; } = 4096;
}

/// <summary><c>mxd inspect</c>: what a trained or imported layer is, costs, and what ranks its experts have.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var command = new DocumentedCommand(
            "inspect",
            "Show what a layer is and costs: type, shapes, parameters, FLOPs, memory, ranks of some of its experts.",
            "mxd inspect --run runs/mxd",
            "mxd inspect --run runs/mxd --sample 64 --json");
        var defaults = new InspectOptions();
        var set = new OptionSet<InspectOptions>(command, defaults);
        foreach (Option required in set.Of(nameof(InspectOptions.Run))) command.Require(required);
        var json = new Option<bool>("--json") { Description = "Print the result as one JSON document.", Arity = ArgumentArity.Zero };
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            Inspection inspection = Inspect(set.Apply(defaults, parsed));
            if (parsed.GetValue(json)) Output.Json(inspection);
            else Show(inspection);
            return 0;
        });
        return command;
    }

    private static Inspection Inspect(InspectOptions options)
    {
        var problems = new ProblemList();
        problems.AddIf(options.Sample < 1, $"--sample is {options.Sample}; it must be at least 1.");
        problems.AddIf(options.Batch is < 1 or > int.MaxValue, $"--batch is {options.Batch}; it must be from 1 to {int.MaxValue}.");
        var folder = new RunFolder(options.Run);
        problems.Collect(folder.RequireLayer);
        problems.ThrowIfAny();
        LayerReport report = LayerReport.Of(folder.LayerFile, options.Batch, options.Sample);
        LayerCost cost = report.Cost;
        return new Inspection(
            options.Run, report.Saved.Layer.Type, cost.Parameters, cost.ForwardFlops, cost.TrainingFlops, cost.InferenceBytes, cost.TrainingBytes, report.Batch,
            report.Saved.Layer, report.Saved.Input, report.Saved.Output, report.Saved.Model?.Id ?? report.Saved.Imported?.ModelName, report.Saved.Origin?.TrainedTokens, report.Saved.Imported?.Format, report.Parameters, report.Ranks);
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
        Output.Facts(facts);
        Output.Line("");
        Output.Facts([.. i.Tensors.Select(t => (t.Key, $"[{string.Join(", ", t.Shape)}], norm {t.Norm.ToString("g4", CultureInfo.InvariantCulture)}{(t.Trained ? "" : ", not trained")}"))]);
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
        RankReport? Ranks);
}
