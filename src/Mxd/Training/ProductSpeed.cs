using System.Diagnostics;
using Mxd.Kernels;
using Mxd.Layers;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Training;

/// <summary>The most this machine makes of one matrix product in the step's precision, which bounds what a training step can make: its measured peak.</summary>
/// <param name="GigaflopsPerSecond">A multiplication and an addition count as two.</param>
public sealed record ProductSpeed(double GigaflopsPerSecond)
{
    /// <summary>The product of a step's gate, [B,I] by [I,N], by libtorch and by our own kernel in turn; the faster counts. In mixed precision, the product of bfloat16.</summary>
    public static unsafe ProductSpeed Measure(StepBenchmarkOptions options)
    {
        LayerOptions layer = options.ToLayer();
        using DisposeScope scope = NewDisposeScope();
        using Generator generator = Seeds.Generator(0, "benchmark product");
        Tensor x = randn(options.Batch, layer.InputWidth, generator: generator), gate = randn(layer.Units, layer.InputWidth, generator: generator);
        Tensor p = zeros(options.Batch, layer.Units);
        bool isNarrow = Precisions.Parse(options.Precision) == Precision.Mixed && Bfloat16.IsFast;
        using Sgemm own = Sgemm.Create(Workers.Shared);
        if (isNarrow) (x, gate, p) = (x.to(ScalarType.BFloat16), gate.to(ScalarType.BFloat16), p.to(ScalarType.BFloat16));
        List<double> torch = [], ours = [];
        for (int round = 0; round <= options.Steps; round++)
        {
            torch.Add(Time(() => p.addmm_(x, gate.t(), 0, 1)));
            if (Sgemm.IsFast && !isNarrow) ours.Add(Time(() => own.Multiply(x.View(), gate.View().Transposed, p.Floats())));
        }
        double seconds = ours.Count > 0 ? Math.Min(Median(torch), Median(ours)) : Median(torch);
        return new ProductSpeed(2e-9 * options.Batch * layer.InputWidth * layer.Units / seconds);
    }

    /// <summary>Of all but the first.</summary>
    private static double Median(List<double> seconds) => seconds.Skip(1).Order().ElementAt((seconds.Count - 1) / 2);

    private static double Time(Action work)
    {
        using DisposeScope scope = NewDisposeScope();
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
