using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Mxd.Cli.CommandLine;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Training;
using TorchSharp;

namespace Mxd.Cli.Commands;

/// <summary>
/// <c>mxd bench step</c>: one training step beside the dense torch version of it and beside the fastest product of the encoder's shape, each in a
/// process of its own, in turn.
/// </summary>
internal static class BenchCommand
{
    private const string PathVariable = "MXD_PATH", Fast = "fast", Dense = "readable", Product = "product";

    public static Command Create() => new("bench", "Measure speed and memory on this machine.") { CreateStep() };

    private static DocumentedCommand CreateStep()
    {
        var command = new DocumentedCommand(
            "step",
            "Measure one training step on random data, beside the same step by dense torch operations.",
            "mxd bench step",
            "mxd bench step --type transcoder --width 768 --experts 24576",
            "mxd bench step --type mxd --width 576 --hidden 2304 --experts 2302 --k 32 --batch 4096 --json");
        var defaults = new StepBenchmarkOptions();
        var set = new OptionSet<StepBenchmarkOptions>(command, defaults);
        var rounds = new Option<int>("--rounds") { Description = "Processes of each kind, in turn; medians are printed.", DefaultValueFactory = _ => 3 };
        var alone = new Option<string>("--alone") { Hidden = true };
        var json = new Option<bool>("--json") { Description = "Print the result as one JSON document.", Arity = ArgumentArity.Zero };
        command.Options.Add(rounds);
        command.Options.Add(alone);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            StepBenchmarkOptions options = set.Apply(defaults, parsed);
            options.ToLayer();
            if (parsed.GetValue(rounds) < 1) throw new MxdInputException($"--rounds is {parsed.GetValue(rounds)}; it must be at least 1.");
            if (parsed.GetValue(alone) is { } kind)
            {
                if (kind == Product) Output.Json(Invocation.Work(() => ProductSpeed.Measure(options)));
                else Output.Json(Invocation.Work(() => StepSpeed.Measure(options)));
                return 0;
            }
            StepComparison result = Invocation.Work(() => ProgressDisplay.Show(observer => Compare(options, parsed.GetValue(rounds), observer)));
            if (parsed.GetValue(json)) Output.Json(result);
            else Show(result);
            return 0;
        });
        return command;
    }

    private static StepComparison Compare(StepBenchmarkOptions options, int rounds, IRunObserver observer)
    {
        using var stop = new StopSignal(observer);
        List<StepSpeed> fast = [], dense = [];
        List<ProductSpeed> products = [];
        if (Precisions.WhyFull(Precisions.Parse(options.Precision), options.ToLayer(), torch.CPU) is { } why)
            observer.Note($"Note: --precision mixed trains in float32 here: {why}.");
        observer.Begin("Measuring", 3 * rounds, "processes");
        for (int round = 0; round < rounds; round++)
        {
            Add(dense, Dense);
            Add(fast, Fast);
            Add(products, Product);
        }
        DenseAndSparse flops = LayerCost.Of(options.ToLayer(), options.Batch).TrainingFlops;
        double speed = Median(fast, s => s.TokensPerSecond), denseSpeed = Median(dense, s => s.TokensPerSecond);
        return new StepComparison(
            speed, denseSpeed, (long)Median(fast, s => s.PeakMemoryBytes), (long)Median(dense, s => s.PeakMemoryBytes),
            Median(products, p => p.GigaflopsPerSecond), 1e-9 * flops.Sparse * speed, 1e-9 * flops.Dense * denseSpeed, options.Precision, Machine.Describe().ToString());

        void Add<T>(List<T> results, string kind)
        {
            results.Add(Start<T>(Arguments(options, kind), kind, stop.Token));
            observer.Advance(fast.Count + dense.Count + products.Count);
        }
    }

    private static string[] Arguments(StepBenchmarkOptions options, string kind) =>
    [
        "bench", "step", "--alone", kind, "--type", options.Type, "--width", $"{options.Width}", .. options.Hidden is { } hidden ? new[] { "--hidden", $"{hidden}" } : [],
        "--experts", $"{options.Experts}", "--k", $"{options.K}", "--batch", $"{options.Batch}", "--precision", options.Precision, "--steps", $"{options.Steps}",
    ];

    private static T Start<T>(string[] arguments, string kind, CancellationToken cancellation)
    {
        string host = Environment.ProcessPath!;
        var start = new ProcessStartInfo(host) { RedirectStandardOutput = true };
        if (System.IO.Path.GetFileNameWithoutExtension(host) == "dotnet") start.ArgumentList.Add(typeof(BenchCommand).Assembly.Location);
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        start.Environment[PathVariable] = kind == Dense ? Dense : Fast;
        using Process process = Process.Start(start)!;
        using CancellationTokenRegistration kill = cancellation.Register(process.Kill);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        cancellation.ThrowIfCancellationRequested();
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<T>(output, Json.Compact)!
            : throw new InvalidOperationException($"The process that measures the {(kind == Product ? "product" : kind == Fast ? "fast step" : "dense step")} ended with {process.ExitCode}: it may need more memory than there is; choose a smaller --batch or --experts.");
    }

    /// <summary>Of an even number, the mean of the two in the middle.</summary>
    private static double Median<T>(List<T> all, Func<T, double> value)
    {
        double[] sorted = [.. all.Select(value).Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static void Show(StepComparison result) => Output.Facts(
    [
        ("step", $"{result.TokensPerSecond:n0} tokens/s, peak memory {ByteSize.Format(result.PeakMemoryBytes)}"),
        ("dense torch", $"{result.DenseTokensPerSecond:n0} tokens/s, peak memory {ByteSize.Format(result.DensePeakMemoryBytes)}"),
        ("ratio", $"{result.TokensPerSecond / result.DenseTokensPerSecond:f2}"),
        ("peak", $"{result.ProductGigaflopsPerSecond:f0} GFLOP/s, in one product of the encoder's shape"),
        ("share of peak", $"{result.ShareOfPeak:f2} ({result.GigaflopsPerSecond:f0} GFLOP/s){(result.DenseShareOfPeak is { } dense ? $"; dense torch {dense:f2} ({result.DenseGigaflopsPerSecond:f0} GFLOP/s)" : "")}"),
        ("machine", result.Machine),
    ]);
}

/// <summary>What <c>mxd bench step</c> prints: medians over rounds.</summary>
/// <param name="TokensPerSecond">Of the step as training takes it.</param>
/// <param name="DenseTokensPerSecond">Of the same step by dense torch operations.</param>
/// <param name="PeakMemoryBytes">Largest resident memory of its process.</param>
/// <param name="DensePeakMemoryBytes">That of the dense step's.</param>
/// <param name="ProductGigaflopsPerSecond">The machine's measured peak: see <see cref="ProductSpeed"/>.</param>
/// <param name="GigaflopsPerSecond">Of the step's products, those of chosen units counted alone.</param>
/// <param name="DenseGigaflopsPerSecond">Of the dense step's.</param>
/// <param name="Precision">Of the step; the dense one is float32's.</param>
/// <param name="Machine">What it was measured on.</param>
internal sealed record StepComparison(
    double TokensPerSecond,
    double DenseTokensPerSecond,
    long PeakMemoryBytes,
    long DensePeakMemoryBytes,
    double ProductGigaflopsPerSecond,
    double GigaflopsPerSecond,
    double DenseGigaflopsPerSecond,
    string Precision,
    string Machine)
{
    public double ShareOfPeak => GigaflopsPerSecond / ProductGigaflopsPerSecond;

    /// <summary>The dense step is float32's: in mixed precision the peak is another's.</summary>
    public double? DenseShareOfPeak => Precision == Precisions.Full ? DenseGigaflopsPerSecond / ProductGigaflopsPerSecond : null;
}
