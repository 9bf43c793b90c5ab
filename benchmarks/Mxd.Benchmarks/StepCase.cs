using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;
using static TorchSharp.torch;

namespace Mxd.Benchmarks;

/// <summary>One training step on random data: by hand-written gradients, by autograd over the readable definition, and the gate's product alone as a yardstick.</summary>
internal static class StepCase
{
    private const int Batch = 4096, Width = 576, Hidden = 2304, Experts = 2302, Repetitions = 9;

    private static readonly LayerOptions options = new()
    {
        Type = "mxd",
        InputWidth = Width,
        OutputWidth = Width,
        Units = Experts,
        Hidden = Hidden,
        Sparsity = new Sparsity.TopK(32),
        Activation = "gelu",
    };

    public static Measurement Measure(string variant)
    {
        using Generator generator = Seeds.Generator(0, "benchmark batch");
        using Tensor x = randn(Batch, Width, generator: generator), target = randn(Batch, Width, generator: generator);
        // Five products of [B,I] by [I,H] size (E and D forward; D, z and E backward) and five of [B,I] by [I,N] (G, C; C, a, G).
        double product = 2.0 * Batch * Width;
        double step = 5 * product * Hidden + 5 * product * Experts;
        return variant switch
        {
            "closed-form" => ClosedForm(x, target, step),
            "autograd" => Autograd(x, target, step),
            _ => GateProduct(x, product * Experts),
        };
    }

    private static Measurement ClosedForm(Tensor x, Tensor target, double flops)
    {
        using ILayer layer = LayerTypes.Get(options.Type).Initialise(options, 0, CPU);
        using var trainer = new Trainer(layer, LearningRateSchedule.Parse("constant", 1e-3, 0, 1000));
        return Measurement.Of(Batch, flops, Repetitions, () => trainer.Step(x, target));
    }

    private static Measurement Autograd(Tensor x, Tensor target, double flops)
    {
        using ILayer layer = LayerTypes.Get(options.Type).Initialise(options, 0, CPU);
        using var readable = new ReadableLayer(layer);
        using var trainer = new Trainer(readable, LearningRateSchedule.Parse("constant", 1e-3, 0, 1000));
        return Measurement.Of(Batch, flops, Repetitions, () => trainer.Step(x, target));
    }

    private static Measurement GateProduct(Tensor x, double flops)
    {
        using Tensor gate = randn(Experts, Width);
        return Measurement.Of(Batch, flops, Repetitions, () => nn.functional.linear(x, gate).Dispose());
    }
}
