using Mxd.Kernels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Benchmarks;

/// <summary>
/// One training step at GPT-2 x32 sizes on random data: by dense torch operations, by kernels, and what either cannot do without: the products
/// alone (by the faster of libtorch and our own), and a process that holds weights and optimizer but takes no step (for its memory).
/// </summary>
internal static class KernelCase
{
    private const int Batch = 4096, Width = 768, Hidden = 3072, Experts = 21490, Latents = 24576, Active = 32, Repetitions = 3;

    private static string[] Variants { get; } = ["dense", "fast", "products", "state"];

    /// <summary>The same with the kernels and the products in bfloat16.</summary>
    private static string[] MixedVariants { get; } = ["dense", "mixed", "mixed products", "state"];

    /// <param name="type">mxd or transcoder.</param>
    /// <param name="rounds">Processes of each kind.</param>
    /// <param name="precision">Of the kernels; the dense step is in float32.</param>
    public static void Run(string type, int rounds, string precision)
    {
        bool isMixed = Precisions.Parse(precision) == Precision.Mixed;
        if (Precisions.WhyFull(Precisions.Parse(precision), Options(type), CPU) is { } why) Console.WriteLine($"The kernels take float32 here: {why}.\n");
        Comparison.Run($"Training step of {type} at GPT-2 x32 (B = {Batch}, I = O = {Width}, K = {Active}, {precision})", ["kernels", type], isMixed ? MixedVariants : Variants, rounds);
    }

    public static LayerOptions Options(string type) => new()
    {
        Type = type,
        InputWidth = Width,
        OutputWidth = Width,
        Units = type == "mxd" ? Experts : Latents,
        Hidden = type == "mxd" ? Hidden : null,
        Sparsity = new Sparsity.TopK(Active),
        Activation = type == "mxd" ? "gelu" : "relu",
    };

    public static (Tensor X, Tensor Target) Data()
    {
        using Generator generator = Seeds.Generator(0, "benchmark batch");
        return (randn(Batch, Width, generator: generator), randn(Batch, Width, generator: generator));
    }

    public static Measurement Measure(string type, string variant)
    {
        Environment.SetEnvironmentVariable(ComputePath.Variable, variant == "dense" ? "readable" : "fast");
        LayerOptions options = Options(type);
        double product = 2.0 * Batch * Width, hidden = 5 * product * (options.Hidden ?? 0);
        if (variant == "products") return Products(options, product * options.Units + hidden);
        if (variant == "mixed products") return NarrowProducts(options, product * options.Units + hidden);
        (Tensor x, Tensor target) = Data();
        using ILayer layer = LayerTypes.Get(type).Initialise(options, 0, CPU);
        using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", 1e-3, 0, 1000), variant == "mixed" ? Precision.Mixed : Precision.Full);
        return variant switch
        {
            "dense" => Measurement.Of(Batch, 5 * product * options.Units + hidden, Repetitions, () => trainer.Step(x, target)),
            "fast" or "mixed" => Measurement.Of(Batch, product * options.Units + hidden, Repetitions, () => trainer.Step(x, target)),
            _ => Measurement.Of(Batch, 0, 1, () => trainer.Optimizer.Step(0)),
        };
    }

    /// <summary>The gate's product, and E and D forward, D, z and E backward.</summary>
    private static unsafe Measurement Products(LayerOptions options, double flops)
    {
        using Sgemm own = Sgemm.Create(Workers.Shared);
        using Tensor x = randn(Batch, Width), gate = randn(options.Units, Width), p = zeros(Batch, options.Units);
        using Tensor hidden = randn(options.Hidden ?? 0, Width), z = zeros(Batch, options.Hidden ?? 0), y = zeros(Batch, Width);
        return Measurement.Of(Batch, flops, Repetitions, () =>
        {
            own.Multiply(x.View(), gate.View().Transposed, p.Floats());
            if (options.Hidden is null) return;
            own.Multiply(x.View(), hidden.View().Transposed, z.Floats());
            own.Multiply(z.View(), hidden.View(), y.Floats());
            own.Multiply(z.View().Transposed, x.View(), hidden.Floats());
            own.Multiply(x.View(), hidden.View().Transposed, z.Floats());
            own.Multiply(z.View().Transposed, x.View(), hidden.Floats());
        });
    }

    /// <summary>The same of bfloat16, by libtorch, of matrices that are rounded already.</summary>
    private static Measurement NarrowProducts(LayerOptions options, double flops)
    {
        long width = options.Hidden ?? 0;
        using DisposeScope scope = NewDisposeScope();
        Tensor x = Narrow(Batch, Width), gate = Narrow(options.Units, Width), p = empty(Batch, options.Units, dtype: ScalarType.BFloat16);
        Tensor hidden = Narrow(width, Width), z = empty(Batch, width, dtype: ScalarType.BFloat16), y = empty(Batch, Width, dtype: ScalarType.BFloat16);
        return Measurement.Of(Batch, flops, Repetitions, () =>
        {
            p.addmm_(x, gate.t(), 0, 1);
            if (options.Hidden is null) return;
            z.addmm_(x, hidden.t(), 0, 1);
            y.addmm_(z, hidden, 0, 1);
            hidden.addmm_(z.t(), x, 0, 1);
            z.addmm_(x, hidden.t(), 0, 1);
            hidden.addmm_(z.t(), x, 0, 1);
        });
    }

    private static Tensor Narrow(long rows, long columns)
    {
        using DisposeScope scope = NewDisposeScope();
        return randn(rows, columns).mul_(Number(0.01)).to(ScalarType.BFloat16).MoveToOuterDisposeScope();
    }
}
