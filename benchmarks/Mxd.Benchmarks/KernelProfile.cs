using System.Diagnostics;
using Mxd.Figures;
using Mxd.Kernels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Benchmarks;

/// <summary>
/// Where the time of a mixture's step at GPT-2 x32 goes, and what bounds it: each kernel alone, at the step's sizes, on random codes, beside the machine's
/// measured peak and bandwidth (its roofline).
/// </summary>
internal static unsafe class KernelProfile
{
    private const int Batch = 4096, Width = 768, Hidden = 3072, Experts = 21490, Active = 32, Rounds = 5, WarmUpMilliseconds = 600;

    /// <summary>Floats of a sum whose speed is the memory's: both arrays are far beyond every cache.</summary>
    private const long StreamedFloats = 1 << 26;

    /// <summary>Arithmetic of a value, counted in the code: gelu with its derivative, AdamW, the loss with both gradients.</summary>
    private const double GeluFlops = 56, AdamFlops = 13, LossFlops = 11;

    /// <param name="figure">Where the roofline is drawn, SVG; null for nowhere.</param>
    public static void Run(string? figure)
    {
        double peak = ProductSpeed.Measure(new StepBenchmarkOptions()).GigaflopsPerSecond, bandwidth = Bandwidth();
        Console.WriteLine($"{Machine.Describe()}; medians of {Rounds}; peak of a product {peak:f0} GFLOP/s, of memory {bandwidth:f1} GB/s\n");
        Console.WriteLine("| part of the step | times | ms each | share of all | GFLOP/s | GB/s | FLOP a byte | bound with all from memory, GFLOP/s |\n| --- | --- | --- | --- | --- | --- | --- | --- |");
        List<Part> parts = Measure();
        double all = parts.Sum(p => p.Times * p.Milliseconds);
        foreach (Part p in parts)
            Console.WriteLine(FormattableString.Invariant(
                $"| {p.Name} | {p.Times} | {p.Milliseconds:f1} | {p.Times * p.Milliseconds / all:p1} | {p.GigaflopsPerSecond:f1} | {p.GigabytesPerSecond:f1} | {p.Intensity:f2} | {Math.Min(peak, bandwidth * p.Intensity):f1} |"));
        (double step, double pass, double counting) = Step();
        Console.WriteLine(FormattableString.Invariant($"\nAll parts together {all:n0} ms; a whole step {step:n0} ms, of which forward and backward {pass:n0} ms, counting firings {counting:n1} ms."));
        if (figure is not null) File.WriteAllText(figure, Figure.Svg(Roofline(parts, peak, bandwidth)));
    }

    private static List<Part> Measure()
    {
        using DisposeScope scope = NewDisposeScope();
        Workers workers = Workers.Shared;
        using Sgemm product = Sgemm.Create(workers);
        using TiledTopK gate = TiledTopK.Create(Active, null, workers);
        using var entries = new UnitEntries();
        using var loss = new LossKernel(workers);
        Tensor x = randn(Batch, Width), q = randn(Batch, Width), y = randn(Batch, Width), s = randn(Batch, Width), output = randn(Batch, Width), target = randn(Batch, Width), dy = empty(Batch, Width);
        Tensor rows = randn(Experts, Width), m = zeros(Experts, Width), v = ones(Experts, Width), bias = zeros(Experts);
        Tensor indices = empty(Batch, Active, dtype: ScalarType.Int64), values = empty(Batch, Active), da = empty(Batch, Active);
        Tensor u = randn(Batch, Hidden), z = empty(Batch, Hidden), e = zeros(Hidden), weights = randn(Hidden, Width) * Number(0.01);
        long* index = (long*)Formats.TensorMemory.Start(indices);
        var codes = new CodesView(index, values.Floats(), Batch, Active);
        var update = new AdamUpdate(0.9, 0.999, 1e-8, 1e-6, 1);
        HiddenUnits units = HiddenUnits.Create("gelu");
        double tokens = (double)Batch * Width, hidden = (double)Batch * Hidden, map = (double)Hidden * Width, dictionary = (double)Experts * Width, chosen = (double)Batch * Active;
        double multiply = 2 * tokens * Hidden, operands = tokens + hidden + map;

        List<Part> parts =
        [
            Time("gate's product and TopK", 1, 2 * tokens * Experts, tokens + dictionary + 3 * chosen, () => gate.Select(x.View(), new EncoderView(rows.View(), bias.Floats()), index, values.Floats())),
            Time("x Eᵀ; gradient of z", 2, multiply, operands, () => product.Multiply(x.View(), weights.View().Transposed, u.Floats())),
            Time("z D", 1, multiply, operands, () => product.Multiply(u.View(), weights.View(), y.Floats())),
            Time("gradient of D or E", 2, multiply, operands, () => product.Multiply(u.View().Transposed, x.View(), weights.Floats())),
            Time("gelu and its derivative", 1, GeluFlops * hidden, 3 * hidden, () => units.Forward(u.Floats(), e.Floats(), null, null, z.Floats(), Batch, Hidden, workers)),
            Time("gradient through gelu", 1, hidden, 3 * hidden, () => HiddenUnits.Multiply(u.Floats(), z.Floats(), Batch, Hidden, workers)),
            Time("gradient of e", 1, hidden, hidden, () => RowNorms.SumColumns(u.Floats(), Batch, Hidden, e.Floats(), workers)),
            Time("codes by unit", 1, 0, 4 * chosen + Experts, () => entries.Build(index, values.Floats(), Batch, Active, Experts)),
            Time("a C", 1, 2 * chosen * Width, chosen * Width + tokens, () => ExpertSum.Forward(codes, rows.View(), y.Floats(), workers)),
            Time("loss", 1, LossFlops * tokens, 9 * tokens, () => loss.Differentiate(y.Floats(), s.Floats(), bias.Floats(), output.Floats(), target.Floats(), dy.Floats(), Batch, Width)),
            Time("gradient of a", 1, 2 * chosen * Width, chosen * Width + tokens, () => ExpertSum.CodeGradient(codes, rows.View(), q.Floats(), da.Floats(), workers)),
            Time("unit norm of C", 1, 3 * dictionary, 2 * dictionary, () => RowNorms.Normalise(rows.Floats(), Experts, Width, workers)),
        ];
        var gradient = new UnitGradient(entries, values.Floats(), q.View());
        parts.Add(Time("gradient and update of C or G", 2, 2 * chosen * Width + AdamFlops * dictionary, chosen * Width + 6 * dictionary, () => update.Apply(rows.Floats(), m.Floats(), v.Floats(), gradient, workers)));
        Tensor slope = zeros(Hidden, Width), first = zeros(Hidden, Width), second = ones(Hidden, Width);
        parts.Add(Time("update of D or E", 2, AdamFlops * map, 7 * map, () => update.Apply(weights.Floats(), first.Floats(), second.Floats(), slope.Floats(), weights.numel(), workers)));
        return parts;
    }

    /// <summary>Milliseconds of a whole step in training, of its forward and backward pass alone, and of counting on how many tokens each unit was active.</summary>
    private static (double Step, double Pass, double Counting) Step()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor x, Tensor target) = KernelCase.Data();
        using ILayer layer = LayerTypes.Get("mxd").Initialise(KernelCase.Options("mxd"), 0, CPU);
        using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", 1e-3, 0, 1000));
        double step = Milliseconds(() => trainer.Step(x, target));
        SparseCodes codes = layer.Differentiate(new TrainingBatch(x, target)).Codes;
        double pass = Milliseconds(() => layer.Differentiate(new TrainingBatch(x, target)));
        Tensor firings = zeros(Experts, dtype: ScalarType.Int64);
        double counting = Milliseconds(() => codes.CountFirings(firings));
        return (step, pass, counting);
    }

    /// <param name="name">Of the part.</param>
    /// <param name="times">A step.</param>
    /// <param name="flops">A multiplication and an addition count as two.</param>
    /// <param name="floats">Read and written, each operand once; rows of chosen units each time.</param>
    /// <param name="work">The part.</param>
    private static Part Time(string name, int times, double flops, double floats, Action work) => new(name, times, Milliseconds(work), flops, sizeof(float) * floats);

    private static double Milliseconds(Action work)
    {
        // Code that was compiled in haste is compiled once more a moment after it was first used.
        long begin = Stopwatch.GetTimestamp();
        do work();
        while (Stopwatch.GetElapsedTime(begin).TotalMilliseconds < WarmUpMilliseconds);
        List<double> all = [];
        for (int i = 0; i < Rounds; i++)
        {
            long start = Stopwatch.GetTimestamp();
            work();
            all.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        return all.Order().ElementAt(Rounds / 2);
    }

    /// <summary>Of a += b, GB/s.</summary>
    private static double Bandwidth()
    {
        using Tensor a = zeros(StreamedFloats), b = ones(StreamedFloats);
        return 1e-6 * 3 * sizeof(float) * StreamedFloats / Milliseconds(() => a.add_(b, One));
    }

    private static Chart Roofline(List<Part> parts, double peak, double bandwidth)
    {
        Part[] shown = [.. parts.Where(p => p.Flops > 0)];
        double low = shown.Min(p => p.Intensity) / 2, high = shown.Max(p => p.Intensity) * 2, ridge = peak / bandwidth;
        var roof = new SeriesStyle(Palette.Black, Marker.None, Dash.Solid);
        return new Chart
        {
            Title = "Parts of a training step beside what the machine can do",
            Subtitle = $"MxD, I = O = {Width}, H = {Hidden}, N = {Experts:n0}, K = {Active}, {Batch:n0} tokens, float32; {Environment.ProcessorCount} cores",
            X = new ChartAxis("operations for each byte read or written", AxisScale.Logarithmic),
            Y = new ChartAxis("GFLOP/s", AxisScale.Logarithmic),
            Height = 600,
            Series =
            [
                new ChartSeries("the machine's measured bounds", [new ChartPoint(low, low * bandwidth), new ChartPoint(ridge, peak), new ChartPoint(high, peak)], roof),
                .. shown.Select((p, i) => new ChartSeries(p.Name, [new ChartPoint(p.Intensity, p.GigaflopsPerSecond)], Palette.Style(i) with { HasLine = false })),
            ],
        };
    }

    /// <summary>A kernel as the step uses it.</summary>
    private sealed record Part(string Name, int Times, double Milliseconds, double Flops, double Bytes)
    {
        public double GigaflopsPerSecond => 1e-6 * Flops / Milliseconds;

        public double GigabytesPerSecond => 1e-6 * Bytes / Milliseconds;

        public double Intensity => Flops / Bytes;
    }
}
