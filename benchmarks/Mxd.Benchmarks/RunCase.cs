using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mxd.Kernels;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Benchmarks;

/// <summary>Where a whole run's time goes and how busy the cores are, from its first look at the files to its last checkpoint, by the dense path and by the kernels.</summary>
internal static class RunCase
{
    private static readonly string[] paths = ["readable", "fast"];
    private static readonly JsonSerializerOptions serialised = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <param name="model">The language model.</param>
    /// <param name="layer">Its layer.</param>
    /// <param name="text">Text to train on; some of it is held out.</param>
    /// <param name="experts">Of an MxD with K = 32.</param>
    /// <param name="tokens">To train on.</param>
    public static void Run(string model, string layer, string text, string experts, string tokens)
    {
        Phase[][] measured = [.. paths.Select(path => JsonSerializer.Deserialize<Phase[]>(Comparison.StartRaw(["measure", "run", model, layer, text, experts, tokens, path]), serialised)!)];
        Console.WriteLine($"### MxD of {experts} experts, {tokens} tokens, layer {layer}\n\n{Machine.Describe()}; one process each\n");
        Console.WriteLine($"| part | {string.Join(" | ", paths.Select(path => $"{path}, s | cores busy"))} |\n| --- |{string.Concat(paths.Select(_ => " --- | --- |"))}");
        foreach (string name in measured.SelectMany(m => m).Select(p => p.Name).Distinct())
            Console.WriteLine($"| {name} | {string.Join(" | ", measured.Select(m => Cell(m.FirstOrDefault(p => p.Name == name))))} |");
    }

    /// <summary>Prints the phases of one run by one path.</summary>
    public static void Measure(string model, int layer, string text, int experts, long tokens, string path)
    {
        Environment.SetEnvironmentVariable(ComputePath.Variable, path);
        string folder = Directory.CreateTempSubdirectory("mxd-benchmark-run").FullName;
        try
        {
            var options = new TrainOptions { Model = model, Layer = layer, Text = [text], Experts = experts, Tokens = tokens, ValidationContexts = 64, Buffer = 512, Device = "cpu" };
            var observer = new PhaseClock("Checking files");
            TrainResult result;
            using (PreparedRun run = PreparedRun.New(options, new RunFolder(Path.Combine(folder, "run")), observer)) result = TrainingRun.Execute(run, observer);
            observer.Begin("", 0, "");
            double harvest = result.Tokens / result.HarvestTokensPerSecond, steps = result.Tokens / result.TrainingTokensPerSecond;
            Phase training = observer.Phases[^1], all = new("all", observer.Phases.Sum(p => p.Seconds), observer.Phases.Sum(p => p.BusySeconds));
            Phase[] parts =
            [
                new("- the language model", harvest, double.NaN), new("- training steps", steps, double.NaN),
                new("- measuring and saving", training.Seconds - harvest - steps, double.NaN),
            ];
            Console.WriteLine(JsonSerializer.Serialize(observer.Phases.Concat(parts).Append(all), serialised));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Cell(Phase? phase) => phase switch
    {
        null => " | ",
        { BusySeconds: double.NaN } => FormattableString.Invariant($"{phase.Seconds:f1} | "),
        _ => FormattableString.Invariant($"{phase.Seconds:f1} | {phase.BusySeconds / phase.Seconds:f2}"),
    };

    /// <param name="Name">Of the stretch of work.</param>
    /// <param name="Seconds">By the clock.</param>
    /// <param name="BusySeconds">Processor time of all threads.</param>
    private sealed record Phase(string Name, double Seconds, double BusySeconds);

    /// <summary>Times the stretches that a run tells of.</summary>
    private sealed class PhaseClock(string first) : IRunObserver
    {
        private string phase = first;
        private long start = Stopwatch.GetTimestamp();
        private TimeSpan busy = Busy();

        public List<Phase> Phases { get; } = [];

        public void Begin(string next, long total, string unit)
        {
            Phases.Add(new Phase(phase, Stopwatch.GetElapsedTime(start).TotalSeconds, (Busy() - busy).TotalSeconds));
            (phase, start, busy) = (next, Stopwatch.GetTimestamp(), Busy());
        }

        public void Advance(long done)
        {
        }

        public void Note(string line)
        {
        }

        private static TimeSpan Busy() => Process.GetCurrentProcess().TotalProcessorTime;
    }
}
