using System.Text.Json;
using Mxd.Figures;
using Mxd.Kernels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Benchmarks;

/// <summary>
/// Whole steps over the sizes that people train: each layer and batch beside the dense torch step and beside the bare product of its gate, a process each,
/// in turn.
/// </summary>
internal static class SizesCase
{
    private const string Fast = "fast", Dense = "readable", Product = "product";

    /// <summary>A dense step beyond either is left out: more memory than this, or more time at a rate that libtorch reaches on two cores.</summary>
    private const long DenseBytes = 20_000_000_000;
    private const double DenseSeconds = 60, DenseGigaflopsPerSecond = 50;

    /// <summary>The dense step beside the others is measured at it.</summary>
    private const int UsualK = 32;

    private static readonly (string Name, int Width, int Hidden, int Experts)[] layers =
    [
        ("GPT-2 x32", 768, 3072, 21_490), ("Pythia-410M x32", 1024, 4096, 28_658), ("SmolLM2", 576, 2304, 2_302), ("SmolLM2, 20,000", 576, 2304, 20_000),
    ];

    private static readonly int[] batches = [1024, 4096, 8192], active = [8, 32, 256];

    private static IEnumerable<Cell> Cells =>
        from layer in layers
        from batch in batches
        from k in active
        select new Cell(layer.Name, new StepBenchmarkOptions
        {
            Width = layer.Width,
            Hidden = layer.Hidden,
            Experts = layer.Experts,
            K = k,
            Batch = batch,
            Steps = 2,
        });

    /// <param name="filter">Cells whose name contains it, such as <c>K 32, B 4096</c>.</param>
    /// <param name="rounds">Processes of each kind a cell.</param>
    /// <param name="figure">Where the speeds are drawn, SVG; null for nowhere.</param>
    public static void Run(string filter, int rounds, string? figure)
    {
        Console.WriteLine($"{Machine.Describe()}; MxD in float32, medians of {rounds} rounds of processes in turn\n");
        Console.WriteLine("| layer | tokens/s | dense | ratio | GFLOP/s | product's | share of peak | memory | dense memory |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        List<Row> rows = [];
        foreach (IGrouping<(string, int), Cell> step in Cells.Where(cell => cell.Name.Contains(filter, StringComparison.OrdinalIgnoreCase)).GroupBy(cell => (cell.Layer, cell.Options.Batch)))
            foreach (Row row in Rows([.. step], rounds))
            {
                Console.WriteLine(row);
                rows.Add(row);
            }
        if (figure is not null && rows.Count > 0) File.WriteAllText(figure, Figure.Svg(Chart(rows)));
    }

    /// <summary>Prints one measurement of one kind.</summary>
    public static void Measure(string kind, string options)
    {
        Environment.SetEnvironmentVariable(ComputePath.Variable, kind == Dense ? Dense : Fast);
        StepBenchmarkOptions cell = JsonSerializer.Deserialize<StepBenchmarkOptions>(options)!;
        Console.WriteLine(kind == Product ? JsonSerializer.Serialize(ProductSpeed.Measure(cell)) : JsonSerializer.Serialize(StepSpeed.Measure(cell)));
    }

    /// <summary>
    /// Steps that differ in K alone. The dense step and the bare product are measured for one: the product does not know K, and the dense step only chooses by it.
    /// </summary>
    private static IEnumerable<Row> Rows(Cell[] cells, int rounds)
    {
        Cell usual = cells.MinBy(cell => Math.Abs(cell.Options.K - UsualK))!;
        string? without = WhyNoDense(Cost(usual), usual.Options.Batch);
        Dictionary<Cell, List<StepSpeed>> fast = cells.ToDictionary(cell => cell, _ => new List<StepSpeed>());
        List<StepSpeed> dense = [];
        List<ProductSpeed> products = [];
        for (int round = 0; round < rounds; round++)
        {
            if (without is null) dense.Add(Start<StepSpeed>(Dense, usual));
            products.Add(Start<ProductSpeed>(Product, usual));
            foreach (Cell cell in cells)
            {
                fast[cell].Add(Start<StepSpeed>(Fast, cell));
                Console.Error.WriteLine($"{cell.Name}, round {round + 1} of {rounds}: {fast[cell][^1].TokensPerSecond:n0} tokens/s");
            }
        }
        double peak = Median(products, p => p.GigaflopsPerSecond);
        StepSpeed? beside = without is null ? Median(dense) : null;
        return cells.Select(cell => new Row(cell, Median(fast[cell]), beside, usual.Options.K, without, peak));
    }

    private static LayerCost Cost(Cell cell) => LayerCost.Of(cell.Options.ToLayer(), cell.Options.Batch);

    private static string? WhyNoDense(LayerCost cost, long batch) =>
        cost.TrainingBytes.Dense > DenseBytes ? $"left out: {ByteSize.Format(cost.TrainingBytes.Dense)}"
        : 1e-9 * cost.TrainingFlops.Dense * batch / DenseGigaflopsPerSecond is > DenseSeconds and var seconds ? FormattableString.Invariant($"left out: {seconds:f0} s a step")
        : null;

    private static T Start<T>(string kind, Cell cell) =>
        JsonSerializer.Deserialize<T>(Comparison.StartRaw(["measure", "sizes", kind, JsonSerializer.Serialize(cell.Options)]))!;

    private static double Median<T>(List<T> all, Func<T, double> value) => all.Select(value).Order().ElementAt(all.Count / 2);

    private static StepSpeed Median(List<StepSpeed> all) => new(Median(all, s => s.TokensPerSecond), (long)Median(all, s => s.PeakMemoryBytes));

    /// <summary>Speed by K at the batch that most rows have, beside the dense step where that was measured.</summary>
    private static Chart Chart(List<Row> rows)
    {
        int batch = rows.GroupBy(row => row.Cell.Options.Batch).OrderByDescending(g => g.Count()).ThenBy(g => Math.Abs(g.Key - 4096)).First().Key;
        IGrouping<string, Row>[] shown = [.. rows.Where(row => row.Cell.Options.Batch == batch).GroupBy(row => row.Cell.Layer)];
        return new Chart
        {
            Title = "Speed of a training step by K",
            Subtitle = FormattableString.Invariant($"MxD, {batch:n0} tokens a step, float32, {Environment.ProcessorCount} cores; hollow: the dense step"),
            X = new ChartAxis("K, active experts a token", AxisScale.Logarithmic),
            Y = new ChartAxis("tokens/s", AxisScale.Logarithmic),
            Series = [.. shown.SelectMany((layer, i) => Lines(layer, Palette.Style(i)))],
        };
    }

    private static IEnumerable<ChartSeries> Lines(IGrouping<string, Row> layer, SeriesStyle style)
    {
        yield return new ChartSeries(layer.Key, [.. layer.Select(row => new ChartPoint(row.Cell.Options.K, row.Fast.TokensPerSecond))], style);
        ChartPoint[] dense = [.. layer.Where(row => row.Beside is not null && row.Cell.Options.K == row.BesideK).Select(row => new ChartPoint(row.Cell.Options.K, row.Beside!.TokensPerSecond))];
        if (dense.Length > 0) yield return new ChartSeries("", dense, style with { IsHollow = true, HasLine = false });
    }

    private sealed record Cell(string Layer, StepBenchmarkOptions Options)
    {
        public string Name => $"{Layer}, K {Options.K}, B {Options.Batch}";
    }

    /// <param name="Cell">What was measured.</param>
    /// <param name="Fast">By kernels.</param>
    /// <param name="Beside">The dense step; null where it was left out.</param>
    /// <param name="BesideK">The K at which that was measured.</param>
    /// <param name="Without">Why.</param>
    /// <param name="Peak">Of the gate's bare product, GFLOP/s.</param>
    private sealed record Row(Cell Cell, StepSpeed Fast, StepSpeed? Beside, int BesideK, string? Without, double Peak)
    {
        public override string ToString()
        {
            double flops = 1e-9 * Cost(Cell).TrainingFlops.Sparse * Fast.TokensPerSecond;
            string dense = Beside is null ? $"{Without} | " : FormattableString.Invariant($"{Beside.TokensPerSecond:n0} | {Fast.TokensPerSecond / Beside.TokensPerSecond:f2}");
            string memory = Beside is null ? "" : ByteSize.Format(Beside.PeakMemoryBytes);
            return FormattableString.Invariant(
                $"| {Cell.Name} | {Fast.TokensPerSecond:n0} | {dense} | {flops:f0} | {Peak:f0} | {flops / Peak:f2} | {ByteSize.Format(Fast.PeakMemoryBytes)} | {memory} |");
        }
    }
}
