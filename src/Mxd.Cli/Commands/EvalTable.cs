using System.Globalization;
using Mxd.Cli.CommandLine;
using Mxd.Evaluation;
using Mxd.Figures;
using Spectre.Console;

namespace Mxd.Cli.Commands;

/// <summary>An evaluation as a table: a column a run, each number with its standard error.</summary>
internal static class EvalTable
{
    /// <summary>Border and space around a column.</summary>
    private const int Around = 3;

    public static void Show(RunEvaluation evaluation, string? figures)
    {
        foreach (Column[] group in Fitting(Columns(evaluation), Output.Console.Profile.Width)) Show(group);
        foreach (LayersReplaced[] sequence in evaluation.LayersReplaced.GroupBy(set => set.Sequence).Select(sequence => sequence.ToArray())) Show(sequence);
        CostOfReplacement first = evaluation.Runs[0].Cost;
        Output.Line($"Cross-entropy and KL in nats over {first.Contexts:n0} contexts, {first.Tokens:n0} tokens ({Positions(first)}); ± is one standard error over contexts, paired for differences.{(evaluation.LayersReplaced.Count > 0 ? " Zero, mean: the increase with the same MLPs set to zero or to their mean." : "")}");
        if (figures is not null) Output.Line($"Figure: {Path.Combine(figures, LayersReplacedFigure.Name + ".svg")}");
    }

    /// <summary>A line a layer that is put in place.</summary>
    private static void Show(LayersReplaced[] sequence)
    {
        Output.Line("");
        Output.Line($"{sequence[0].Sequence.Title}: increase of the cross-entropy as layers are put in place, the shallowest first");
        Output.Columns(
            ["", "layer", "increase", "sum alone", "zero", "mean", "recovered", "KL"],
            sequence.Select((set, i) => (string[])
            [
                $"{i + 1}", $"{(i == 0 ? "" : "+ ")}{set.Layers[^1]}",
                With(set.Measured.Cost.CrossEntropyIncrease.Spliced, set.Measured.Cost.StandardErrors.CrossEntropyIncrease.Spliced), Plain(set.Measured.SumOfIncreases.Spliced, "f4"),
                Plain(set.Measured.Cost.CrossEntropyIncrease.ZeroAblated, "f4"), Plain(set.Measured.Cost.CrossEntropyIncrease.MeanAblated, "f4"),
                Plain(set.Measured.Cost.CrossEntropyRecovered, "f4"), Plain(set.Measured.Cost.Kl, "f4"),
            ]));
        SetCost all = sequence[^1].Measured;
        double alone = all.SumOfIncreases.Spliced / sequence.Length;
        Output.Line($"One of them alone adds {Plain(alone, "f4")} on average; all {sequence.Length} at once add {With(Math.Abs(all.BeyondSum.Spliced), all.StandardErrors.BeyondSum.Spliced)} {(all.BeyondSum.Spliced < 0 ? "less" : "more")} than the sum of what each adds alone.");
    }

    private static List<Column> Columns(RunEvaluation evaluation)
    {
        List<Column> columns = [];
        foreach (EvaluatedRun run in evaluation.Runs)
        {
            string[] title = [run.Sparsity is { } sparsity ? $"{run.Type}, {sparsity}" : run.Type, Path.GetFileName(run.Run)];
            columns.Add(new Column(title, WithUnits(run, run.Cost)));
            if (run.Cost.Elsewhere is { } other) columns.Add(new Column([.. title, .. Left(other)], WithUnits(run, other)));
        }
        if (evaluation.Together is { } together) columns.Add(new Column(["all together"], together));
        return columns;
    }

    /// <summary>A layer without units has neither active nor dead ones.</summary>
    private static CostOfReplacement WithUnits(EvaluatedRun run, CostOfReplacement cost) => run.Sparsity is null ? cost with { L0 = null, DeadFraction = null } : cost;

    /// <summary>As many columns side by side as the width takes: numbers are never broken.</summary>
    private static List<Column[]> Fitting(List<Column> columns, int width)
    {
        List<Column[]> groups = [];
        int names = Rows.Max(row => row.Name.Length) + Around + 1;
        for (int start = 0, count; start < columns.Count; start += count)
        {
            int used = names;
            count = columns.Skip(start).TakeWhile(column => (used += column.Width + Around) <= width).Count();
            groups.Add([.. columns.Skip(start).Take(count = Math.Max(1, count))]);
        }
        return groups;
    }

    private static void Show(Column[] columns)
    {
        var table = new Table().RoundedBorder().AddColumn(new TableColumn("").NoWrap());
        foreach (Column column in columns)
            table.AddColumn(new TableColumn(Markup.Escape(string.Join('\n', column.Title))).RightAligned().NoWrap());
        foreach ((string name, Func<CostOfReplacement, string> cell) in Rows)
            table.AddRow([Markup.Escape(name), .. columns.Select(c => Markup.Escape(cell(c.Cost)))]);
        Output.Console.Write(table);
    }

    private sealed record Column(string[] Title, CostOfReplacement Cost)
    {
        public int Width => Title.Concat(Rows.Select(row => row.Cell(Cost))).Max(text => text.Length);
    }

    private static (string Name, Func<CostOfReplacement, string> Cell)[] Rows { get; } =
    [
        ("cross-entropy, model", c => With(c.CrossEntropy.Model, c.StandardErrors.CrossEntropy.Model)),
        ("  with the layer", c => With(c.CrossEntropy.Spliced, c.StandardErrors.CrossEntropy.Spliced)),
        ("  MLP set to zero", c => With(c.CrossEntropy.ZeroAblated, c.StandardErrors.CrossEntropy.ZeroAblated)),
        ("  MLP set to its mean", c => With(c.CrossEntropy.MeanAblated, c.StandardErrors.CrossEntropy.MeanAblated)),
        ("increase, with the layer", c => With(c.CrossEntropyIncrease.Spliced, c.StandardErrors.CrossEntropyIncrease.Spliced)),
        ("  MLP set to zero", c => With(c.CrossEntropyIncrease.ZeroAblated, c.StandardErrors.CrossEntropyIncrease.ZeroAblated)),
        ("  MLP set to its mean", c => With(c.CrossEntropyIncrease.MeanAblated, c.StandardErrors.CrossEntropyIncrease.MeanAblated)),
        ("recovered", c => With(c.CrossEntropyRecovered, c.StandardErrors.CrossEntropyRecovered)),
        ("KL(model, spliced)", c => With(c.Kl, c.StandardErrors.Kl)),
        ("FVU", c => Plain(c.Fvu, "f4")),
        ("NormScaledMse", c => Plain(c.NormScaledMse, "f5")),
        ("L0", c => Plain(c.L0, "f2")),
        ("dead units", c => Plain(c.DeadFraction, "p1")),
    ];

    private static string With(double value, double error) =>
        string.Create(CultureInfo.InvariantCulture, $"{value:f4}{(double.IsNaN(error) ? "" : $" ± {error:f4}")}");

    private static string Plain(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";

    private static string Positions(CostOfReplacement cost) =>
        cost.SkipFirst == 0 ? "every position" : cost.SkipFirst == 1 ? "without each context's first position" : $"without each context's first {cost.SkipFirst} positions";

    private static string[] Left(CostOfReplacement cost) =>
        cost.SkipFirst == 0 ? ["every position"] : ["without the first", cost.SkipFirst == 1 ? "position" : $"{cost.SkipFirst} positions"];
}
