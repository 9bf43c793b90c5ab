using Mxd.Kernels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;
using static TorchSharp.torch;

namespace Mxd.Benchmarks;

/// <summary>
/// One training step at GPT-2 x32 sizes on random data: by dense torch operations, by kernels, and what either cannot do without: the products
/// alone (by the faster of libtorch and our own), and a process that holds weights and optimizer but takes no step (for its memory).
/// </summary>
internal static class KernelCase
{
    private const int Batch = 4096, Width = 768, Hidden = 3072, Experts = 21490, Latents = 24576, Active = 32, Repetitions = 3;

    public static string[] Variants { get; } = ["dense", "fast", "products", "state"];

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
        (Tensor x, Tensor target) = Data();
        using ILayer layer = LayerTypes.Get(type).Initialise(options, 0, CPU);
        using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", 1e-3, 0, 1000));
        return variant switch
        {
            "dense" => Measurement.Of(Batch, 5 * product * options.Units + hidden, Repetitions, () => trainer.Step(x, target)),
            "fast" => Measurement.Of(Batch, product * options.Units + hidden, Repetitions, () => trainer.Step(x, target)),
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
}
