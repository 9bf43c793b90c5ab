using System.Text.Json;
using Mxd.Kernels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Benchmarks;

/// <summary>
/// Whole steps over the sizes that people train: each cell beside the dense torch step and beside the bare product of its gate, a process each,
/// in turn.
/// </summary>
internal static class SizesCase
{
    private const string Fast = "fast", Dense = "readable", Product = "product";

    /// <summary>A dense step beyond either is left out: more memory than this, or more time at a rate that libtorch reaches on two cores.</summary>
    private const long DenseBytes = 20_000_000_000;
    private const double DenseSeconds = 60, DenseGigaflopsPerSecond = 50;

    private static readonly (string Name, int Width, int Hidden, int Experts)[] layers =
    [
        ("GPT-2 x32", 768, 3072, 21_490), ("Pythia-410M x32", 1024, 4096, 28_658), ("SmolLM2", 576, 2304, 2_302), ("SmolLM2, 20,000", 576, 2304, 20_000),
    ];

    private static readonly int[] batches = [1024, 4096, 8192], active = [8, 32, 256];

    private static IEnumerable<Cell> Cells =>
        from layer in layers
        from batch in batches
        from k in active
        select new Cell($"{layer.Name}, K {k}, B {batch}", new StepBenchmarkOptions
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
    public static void Run(string filter, int rounds)
    {
        Console.WriteLine($"{Machine.Describe()}; MxD in float32, medians of {rounds} rounds of processes in turn\n");
        Console.WriteLine("| layer | tokens/s | dense | ratio | GFLOP/s | product's | share of peak | memory | dense memory |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (Cell cell in Cells.Where(cell => cell.Name.Contains(filter, StringComparison.OrdinalIgnoreCase))) Console.WriteLine(Row(cell, rounds));
    }

    /// <summary>Prints one measurement of one kind.</summary>
    public static void Measure(string kind, string options)
    {
        Environment.SetEnvironmentVariable(ComputePath.Variable, kind == Dense ? Dense : Fast);
        StepBenchmarkOptions cell = JsonSerializer.Deserialize<StepBenchmarkOptions>(options)!;
        Console.WriteLine(kind == Product ? JsonSerializer.Serialize(ProductSpeed.Measure(cell)) : JsonSerializer.Serialize(StepSpeed.Measure(cell)));
    }

    private static string Row(Cell cell, int rounds)
    {
        LayerCost cost = LayerCost.Of(cell.Options.ToLayer(), cell.Options.Batch);
        string? without = WhyNoDense(cost, cell.Options.Batch);
        List<StepSpeed> fast = [], dense = [];
        List<ProductSpeed> products = [];
        for (int round = 0; round < rounds; round++)
        {
            if (without is null) dense.Add(Start<StepSpeed>(Dense, cell));
            fast.Add(Start<StepSpeed>(Fast, cell));
            products.Add(Start<ProductSpeed>(Product, cell));
            Console.Error.WriteLine($"{cell.Name}, round {round + 1} of {rounds}: {fast[^1].TokensPerSecond:n0} tokens/s");
        }
        double speed = Median(fast, s => s.TokensPerSecond), peak = Median(products, p => p.GigaflopsPerSecond), flops = 1e-9 * cost.TrainingFlops.Sparse * speed;
        string beside = without is null ? FormattableString.Invariant($"{Median(dense, s => s.TokensPerSecond):n0} | {speed / Median(dense, s => s.TokensPerSecond):f2}") : $"{without} | ";
        string memory = without is null ? ByteSize.Format((long)Median(dense, s => s.PeakMemoryBytes)) : "";
        return FormattableString.Invariant(
            $"| {cell.Name} | {speed:n0} | {beside} | {flops:f0} | {peak:f0} | {flops / peak:f2} | {ByteSize.Format((long)Median(fast, s => s.PeakMemoryBytes))} | {memory} |");
    }

    private static string? WhyNoDense(LayerCost cost, long batch) =>
        cost.TrainingBytes.Dense > DenseBytes ? $"left out: {ByteSize.Format(cost.TrainingBytes.Dense)}"
        : 1e-9 * cost.TrainingFlops.Dense * batch / DenseGigaflopsPerSecond is > DenseSeconds and var seconds ? FormattableString.Invariant($"left out: {seconds:f0} s a step")
        : null;

    private static T Start<T>(string kind, Cell cell) =>
        JsonSerializer.Deserialize<T>(Comparison.StartRaw(["measure", "sizes", kind, JsonSerializer.Serialize(cell.Options)]))!;

    private static double Median<T>(List<T> all, Func<T, double> value) => all.Select(value).Order().ElementAt(all.Count / 2);

    private sealed record Cell(string Name, StepBenchmarkOptions Options);
}
