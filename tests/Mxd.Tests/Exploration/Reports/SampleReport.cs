using Mxd.Evaluation;
using Mxd.Exploration;
using Mxd.Exploration.Reports;
using Mxd.Interchange;
using Mxd.Layers;
using Mxd.Metrics;
using Mxd.Runtime;
using Mxd.Tests.LanguageModels;
using Mxd.Training;

namespace Mxd.Tests.Exploration.Reports;

/// <summary>Reports of made-up runs, every name and text of which is <c>strange</c>.</summary>
internal static class SampleReport
{
    public static Machine Machine { get; } = new()
    {
        OperatingSystem = "System <1>",
        Architecture = "x64",
        Processor = new Processor("Processor & Co", [], 2),
        Memory = new SystemMemory(1_000_000_000, 1),
        DotNetVersion = ".NET 10",
        TorchDevices = [],
    };

    public static ReportContent Of(string strange, int runs = 2) => new(
        $"Title {strange}",
        [.. Enumerable.Range(0, runs).Select(i => Run($"run {i} {strange}", i % 2 == 0 ? "mxd" : "transcoder", strange, i))],
        new SurveyedText([$"text {strange}"], 20, 8, "float32"),
        "0.1.0",
        Machine);

    private static ReportedRun Run(string name, string type, string strange, int number)
    {
        var layer = new LayerOptions
        {
            Type = type,
            InputWidth = 12,
            OutputWidth = 12,
            Units = 40,
            Hidden = type == "mxd" ? 24 : null,
            Sparsity = new Sparsity.TopK(4 << number),
            Activation = "relu",
        };
        var origin = new LayerOrigin(TinyLlama.Identity(TinyLlama.Config) with { Id = $"model {strange}" }, "blocks.1.ln2.hook_normalized", "blocks.1.hook_mlp_out", 8, "float32", 4096);
        var options = new TrainOptions { Model = $"model {strange}", Layer = 1, Text = [$"train {strange}"], Type = type };
        var evaluation = new EvaluatedRun($"folder {strange}", type, 123_456 + number, layer.Sparsity.Title, layer.Sparsity.Active, "float32", [$"text {strange}"], "contexts", "weights", null, Cost(0.125 * (number + 1) / 3));
        return new ReportedRun(
            name,
            evaluation,
            new SavedLayer(layer, origin),
            new RunDescription("0.1.0", options, layer, origin, new DataDescription("text", 100, 10), new MemoryPlan(1, 1, 1, 1, 1, 1, 1), Machine),
            new TrainResult($"folder {strange}", type, 123_456, 5120, 100, 200, 300, 1, 1, 51, 51, null, new Reconstruction(0.2, 0.01, 3.9, 0.0625, 80, 0), "float32"),
            [.. Enumerable.Range(1, 5).Select(step => Line(step, 1.0 / (step + number)))])
        { Units = Units(strange) };
    }

    private static CostOfReplacement Cost(double increase) => new(
        new CrossEntropies(3 + 1.0 / 3, 3 + 1.0 / 3 + increase, 4.5, 4.25),
        new CrossEntropyIncreases(increase, 7.0 / 6, 11.0 / 12),
        increase / 1.1,
        1 - increase * 6 / 7,
        new CostStandardErrors(new CrossEntropies(0.1, 0.11, 0.12, 0.13), new CrossEntropyIncreases(0.01, 0.02, 0.03), 0.004, double.NaN),
        0.2 + increase,
        0.01,
        3.9,
        0.0625,
        160,
        0,
        20,
        0);

    private static MetricsLine Line(int step, double fvu) =>
        new(step, step * 1024, 1e-3, new LossTerms(fvu / 20), 4, 3, new Reconstruction(fvu, fvu / 20, 4, 0.1, 80, 0), 100, 200, 300);

    private static ReportedUnits Units(string strange)
    {
        UnitUsage usage = new(20, 160, [160, 20, 2, 1, 0], [160, 20, 2, 1, 0], [1, 1, 1, 1, 0]);
        var excerpt = new UnitExcerpt(3, 0, 2, 2.5, ["<|end|>", $"a {strange}", strange, "", "\n", "\u0001 b"], [0, 0.1f, 2.5f, 1.3f, 0, 0.6f]);
        var contexts = new UnitContexts(7, 20, 0.125, 1, 2.5, 6, [new TokenShare(5, strange, 0.75), new TokenShare(6, "⟨E2⟩", 0.25)], [excerpt], [excerpt with { Context = 4 }], new ActivationHistogram(-1, 0.5, [12, 6, 2]));
        return new ReportedUnits(usage.Summarise(), [new ReportedUnit(new ChosenUnit(7, Distinction.Tokens, 1), contexts), new ReportedUnit(new ChosenUnit(8, Distinction.Topic, 0.75), contexts with { Unit = 8 })]);
    }
}
