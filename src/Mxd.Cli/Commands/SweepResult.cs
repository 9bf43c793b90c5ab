using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mxd.Cli.CommandLine;
using Mxd.Evaluation;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Cli.Commands;

/// <summary>A configuration of a sweep as it ended.</summary>
/// <param name="Folder">The run's.</param>
/// <param name="Layer">Its layer.</param>
/// <param name="Evaluated">What the layer costs the model; null where it failed or was not evaluated.</param>
internal sealed record SweepRow(SweepConfiguration Configuration, RunFolder Folder, LayerOptions Layer, EvaluatedRun? Evaluated)
{
    private TrainOptions Options => Configuration.Options;

    private TrainResult? Result { get; } = Configuration.State == SweepState.Trained ? Folder.ReadResult() : null;

    public bool HasFailed => Configuration.State == SweepState.Failed;

    /// <summary>The evaluation's fields, or the run's own where there is none, and what was swept.</summary>
    public JsonObject ToJson()
    {
        JsonObject json = Evaluated?.ToJson() ?? new JsonObject
        {
            ["run"] = Folder.Path,
            ["type"] = Layer.Type,
            ["parameters"] = LayerTypes.Get(Layer.Type).ParameterCount(Layer),
            ["k"] = Layer.Sparsity?.Active,
        };
        json["name"] = Configuration.Name;
        json["learning_rate"] = Options.LearningRate;
        json["seed"] = Options.Seed;
        json["layer"] = Options.Layer;
        if (Layer.Units > 0) json["experts"] = Layer.Units;
        if (Layer.Hidden is { } hidden) json["hidden"] = hidden;
        if (Result is { } result) json["trained_tokens"] = result.Tokens;
        if (Evaluated is null && Result is { } only) json["final"] = JsonSerializer.SerializeToNode(only.Final, Json.Compact);
        if (Configuration.Failure is { } failure) json["failure"] = failure;
        return json;
    }

    public bool IsTrained => Result is not null;

    /// <summary>Cells of the table, in the order of <see cref="SweepResult.Titles"/>.</summary>
    public string[] Cells()
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        string[] first =
        [
            Configuration.Name, string.Create(culture, $"{LayerTypes.Get(Layer.Type).ParameterCount(Layer):n0}"),
        ];
        if (HasFailed) return [.. first, "failed", "", "", "", ""];
        CostOfReplacement? cost = Evaluated?.Cost;
        double? fvu = cost?.Fvu ?? Result?.Final.Fvu, l0 = cost?.L0 ?? Result?.Final.L0, dead = cost?.DeadFraction ?? Result?.Final.DeadFraction;
        bool hasUnits = LayerTypes.Get(Layer.Type).HasUnits;
        return
        [
            .. first,
            Number(fvu, "f4"),
            cost is null ? "" : Number(cost.CrossEntropy.Spliced, "f4"),
            cost is null ? "" : $"{Number(cost.CrossEntropyRecovered, "f4")} ± {Number(cost.StandardErrors.CrossEntropyRecovered, "f4")}",
            hasUnits ? Number(l0, "f1") : "",
            hasUnits ? Number(dead, "p1") : "",
        ];

        string Number(double? value, string format) => value?.ToString(format, culture) ?? "";
    }

    /// <summary>Types in the order they were named, then K, learning rate, seed.</summary>
    public (long, double, long, double, long) Order => (Options.Layer, Options.K ?? 0, Layer.Units, Options.LearningRate, Options.Seed);
}

/// <summary>What <c>mxd sweep</c> prints.</summary>
internal sealed record SweepResult(string Folder, IReadOnlyList<SweepRow> Rows)
{
    public static string[] Titles { get; } = ["run", "parameters", "FVU", "CE spliced", "recovered", "L0", "dead"];

    public static SweepResult Of(PreparedSweep sweep, IReadOnlyList<EvaluatedRun> evaluated) => new(
        sweep.Folder.Path,
        [
            .. sweep.Description.Configurations.Zip(sweep.Layers, (configuration, layer) =>
            {
                RunFolder folder = sweep.Folder.Run(configuration.Name);
                return new SweepRow(configuration, folder, layer, evaluated.FirstOrDefault(e => e.Run == folder.Path));
            }),
        ]);

    public bool HasFailures => Rows.Any(row => row.HasFailed);

    public JsonObject ToJson() => new() { ["sweep"] = Folder, ["runs"] = new JsonArray([.. Rows.Select(row => (JsonNode)row.ToJson())]) };

    public void Show()
    {
        string[] types = [.. Rows.Select(row => row.Layer.Type).Distinct()];
        string[][] cells = [.. Rows.OrderBy(row => Array.IndexOf(types, row.Layer.Type)).ThenBy(row => row.Order).Select(row => row.Cells())];
        // Without an evaluation, or with controls alone, some columns are empty.
        int[] kept = [.. Enumerable.Range(0, Titles.Length).Where(column => cells.Any(row => row[column].Length > 0))];
        Output.Columns([.. kept.Select(column => Titles[column])], cells.Select(row => (string[])[.. kept.Select(column => row[column])]));
        foreach (SweepRow failed in Rows.Where(row => row.HasFailed)) Output.Line($"{failed.Configuration.Name} failed: {failed.Configuration.Failure}");
        if (Rows.FirstOrDefault(row => row.Evaluated is not null)?.Evaluated?.Cost is { } cost)
            Output.Line(string.Create(CultureInfo.InvariantCulture,
                $"Over {cost.Contexts:n0} held-out contexts the model alone has a cross-entropy of {cost.CrossEntropy.Model:f4} nats a token, and {cost.CrossEntropy.ZeroAblated:f4} with its MLP set to zero; ± is one standard error over contexts."));
        Output.Line($"A run folder each in {Folder}");
        if (Rows.Any(row => row.IsTrained) && Rows.All(row => row.Evaluated is null)) Output.Command("What they cost the model:", $"mxd eval --run {ShellWord.Quote(Folder)}/*/");
    }
}
