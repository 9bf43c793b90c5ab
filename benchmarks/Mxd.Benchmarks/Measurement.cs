using System.Text.Json;
using Mxd.Runtime;

namespace Mxd.Benchmarks;

/// <summary>One case, measured in a process of its own.</summary>
/// <param name="TokensPerSecond">Median over repetitions.</param>
/// <param name="GigaflopsPerSecond">Multiply-adds counted as two, of matrix products alone.</param>
/// <param name="PeakMemoryBytes">Largest resident memory of the process.</param>
internal sealed record Measurement(double TokensPerSecond, double GigaflopsPerSecond, long PeakMemoryBytes)
{
    /// <summary>Repeats <paramref name="work"/>, one repetition unmeasured, and keeps the median.</summary>
    public static Measurement Of(long tokens, double flops, int repetitions, Action work)
    {
        work();
        List<double> seconds = [];
        for (int i = 0; i < repetitions; i++)
        {
            long start = System.Diagnostics.Stopwatch.GetTimestamp();
            work();
            seconds.Add(System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        double median = seconds.Order().ElementAt(repetitions / 2);
        return new Measurement(tokens / median, flops / median / 1e9, ProcessMemory.Peak);
    }

    public void Print() => Console.WriteLine(JsonSerializer.Serialize(this));
}
