using System.Diagnostics;
using System.Text.Json;
using Mxd.Runtime;

namespace Mxd.Benchmarks;

/// <summary>Runs cases in turn, several rounds, and prints a table of medians with ratios to the first case.</summary>
internal static class Comparison
{
    public static void Run(string title, string[] command, string[] cases, int rounds)
    {
        Dictionary<string, List<Measurement>> results = cases.ToDictionary(c => c, _ => new List<Measurement>());
        for (int round = 0; round < rounds; round++)
            foreach (string name in cases)
            {
                results[name].Add(Start(["measure", .. command, name]));
                Console.Error.WriteLine($"round {round + 1} of {rounds}, {name}: {results[name][^1].TokensPerSecond:n0} tokens/s");
            }
        Console.WriteLine($"### {title}\n\n{Machine.Describe()}; medians of {rounds} rounds\n");
        Console.WriteLine("| case | tokens/s | ratio | GFLOP/s | peak memory |\n| --- | --- | --- | --- | --- |");
        double first = Median(results[cases[0]], m => m.TokensPerSecond);
        foreach (string name in cases)
        {
            double speed = Median(results[name], m => m.TokensPerSecond);
            double flops = Median(results[name], m => m.GigaflopsPerSecond);
            Console.WriteLine(FormattableString.Invariant(
                $"| {name} | {speed:n0} | {speed / first:f2} | {flops:f0} | {ByteSize.Format((long)Median(results[name], m => m.PeakMemoryBytes))} |"));
        }
    }

    private static double Median(List<Measurement> all, Func<Measurement, double> value) => all.Select(value).Order().ElementAt(all.Count / 2);

    private static Measurement Start(string[] arguments) => JsonSerializer.Deserialize<Measurement>(StartRaw(arguments))!;

    /// <summary>What a case prints, run in a process of its own.</summary>
    public static string StartRaw(string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet") start.ArgumentList.Add(typeof(Comparison).Assembly.Location);
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }
}
