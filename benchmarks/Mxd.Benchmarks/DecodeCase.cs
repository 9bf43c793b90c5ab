using System.Diagnostics;
using Mxd.Kernels;
using Mxd.Layers;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Benchmarks;

/// <summary>
/// Decoding and its backward pass with four times as many units: a C, the gradient of a, and the gradients of C and of the gate summed row by row as the
/// update takes them, without the update. The cost is to follow K, not N.
/// </summary>
internal static unsafe class DecodeCase
{
    private const int Batch = 4096, Width = 768, Active = 32;

    private static readonly int[] sizes = [21_504, 86_016];

    public static void Run(int rounds)
    {
        using Work few = new(sizes[0]), many = new(sizes[1]);
        Work[] both = [few, many];
        List<double[]>[] seconds = [[], []];
        for (int round = 0; round <= rounds; round++)
            for (int i = 0; i < both.Length; i++)
            {
                double[] parts = both[i].Time();
                if (round > 0) seconds[i].Add(parts);
            }
        Console.WriteLine($"{Machine.Describe()}; B = {Batch}, O = {Width}, K = {Active}, random codes, medians of {rounds} alternating rounds, ms\n");
        Console.WriteLine($"| part | N = {sizes[0]:n0} | N = {sizes[1]:n0} | ratio |\n| --- | --- | --- | --- |");
        for (int part = 0; part < Work.Parts.Length; part++) Print(Work.Parts[part], parts => parts[part]);
        Print("all", parts => parts.Sum());

        void Print(string name, Func<double[], double> value)
        {
            double[] medians = [.. seconds.Select(all => all.Select(value).Order().ElementAt(all.Count / 2))];
            Console.WriteLine(FormattableString.Invariant($"| {name} | {1e3 * medians[0]:f1} | {1e3 * medians[1]:f1} | {medians[1] / medians[0]:f2} |"));
        }
    }

    private sealed class Work : IDisposable
    {
        private readonly DisposeScope scope = NewDisposeScope();
        private readonly UnitEntries entries = new();
        private readonly RandomCodes codes;
        private readonly Tensor c, x, q, m, da;

        public Work(int units)
        {
            codes = new RandomCodes(Batch, Active, units);
            (c, x, q, m, da) = (randn(units, Width), randn(Batch, Width), randn(Batch, Width), zeros(Batch, Width), zeros(Batch, Active));
        }

        public static string[] Parts { get; } = ["codes by unit", "a C", "gradient of a", "gradient of C", "gradient of the gate"];

        /// <summary>Seconds of each of <see cref="Parts"/>.</summary>
        public double[] Time() =>
        [
            Seconds(() => codes.Build(entries)),
            Seconds(() => ExpertSum.Forward(codes.View, c.View(), m.Floats(), Workers.Shared)),
            Seconds(() => ExpertSum.CodeGradient(codes.View, c.View(), q.Floats(), da.Floats(), Workers.Shared)),
            Seconds(() => Sum(new UnitGradient(entries, codes.View.Coefficients, q.View()) { DropsParallel = true })),
            Seconds(() => Sum(new UnitGradient(entries, da.Floats(), x.View()))),
        ];

        public void Dispose()
        {
            codes.Dispose();
            entries.Dispose();
            scope.Dispose();
        }

        /// <summary>As <see cref="AdamUpdate"/> asks for rows.</summary>
        private void Sum(UnitGradient gradient) => Workers.Shared.ForRanges(gradient.Units, 64, (_, start, end) =>
        {
            float* row = stackalloc float[Width];
            for (int unit = start; unit < end; unit++) gradient.Compute(unit, c.Floats() + (long)unit * Width, row);
        });

        private static double Seconds(Action work)
        {
            long start = Stopwatch.GetTimestamp();
            work();
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }
}
