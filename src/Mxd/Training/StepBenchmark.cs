using System.Diagnostics;
using Mxd.Layers;
using Mxd.Runtime;
using static TorchSharp.torch;

namespace Mxd.Training;

/// <summary>A training step to be measured.</summary>
public sealed record StepBenchmarkOptions
{
    [Option("--type", "Kind of layer.")]
    public string Type { get; init; } = "mxd";

    [Option("--width", "Values a token at the input and at the output.")]
    public int Width { get; init; } = 768;

    [Option("--hidden", "Hidden width of a mixture (default: 4 times --width).")]
    public int? Hidden { get; init; }

    [Option("--experts", "Number of units.")]
    public int Experts { get; init; } = 21490;

    [Option("--k", "Active units a token.")]
    public int K { get; init; } = 32;

    [Option("--batch", "Tokens a step.")]
    public int Batch { get; init; } = 4096;

    [Option("--precision", "Precision of the layer: float32 or mixed.")]
    public string Precision { get; init; } = "float32";

    [Option("--steps", "Steps whose median counts, after one that does not.")]
    public int Steps { get; init; } = 3;

    /// <summary>The layer that is trained.</summary>
    /// <exception cref="MxdInputException">There is no such layer; a line for each problem.</exception>
    public LayerOptions ToLayer()
    {
        var problems = new ProblemList();
        problems.AddIf(Batch < 1, $"--batch is {Batch}; it must be at least 1 token.");
        problems.AddIf(Steps < 1, $"--steps is {Steps}; it must be at least 1.");
        problems.Collect(() => { Precisions.Parse(Precision); });
        LayerType? type = problems.Collect(() => LayerTypes.Get(Type));
        problems.AddIf(type is { HasUnits: false }, $"--type is {Type}, which has no units and only a dense step: choose a type with units.");
        problems.ThrowIfAny();
        var layer = new LayerOptions
        {
            Type = Type,
            InputWidth = Width,
            OutputWidth = Width,
            Units = Experts,
            Hidden = type!.HasHidden ? Hidden ?? 4L * Width : null,
            Sparsity = new Sparsity.TopK(K),
            Activation = type.DefaultActivation,
        };
        foreach (string problem in layer.Problems()) problems.Add(problem);
        problems.ThrowIfAny();
        return layer;
    }
}

/// <summary>How fast a step is, and what the process that takes it holds at most.</summary>
public sealed record StepSpeed(double TokensPerSecond, long PeakMemoryBytes)
{
    /// <summary>Takes steps on random data in this process, whose peak memory is then the step's; MXD_PATH says by which path.</summary>
    public static StepSpeed Measure(StepBenchmarkOptions options)
    {
        LayerOptions layer = options.ToLayer();
        using Generator generator = Seeds.Generator(0, "benchmark batch");
        using Tensor x = randn(options.Batch, options.Width, generator: generator), target = randn(options.Batch, options.Width, generator: generator);
        using ILayer trained = LayerTypes.Get(layer.Type).Initialise(layer, 0, CPU);
        using var trainer = new Trainer(trained, LearningRateSchedule.Parse("constant", 1e-3, 0, 1 + options.Steps), Precisions.Parse(options.Precision));
        trainer.Step(x, target);
        double[] seconds = [.. Enumerable.Range(0, options.Steps).Select(_ => Time(() => trainer.Step(x, target))).Order()];
        return new StepSpeed(options.Batch / seconds[seconds.Length / 2], ProcessMemory.Peak);
    }

    private static double Time(Action step)
    {
        long start = Stopwatch.GetTimestamp();
        step();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
