using System.Diagnostics;
using Mxd.Kernels;
using Mxd.Layers;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Benchmarks;

/// <summary>Our own float32 product and the tiled gate beside libtorch's product, alternating, at the shapes of a GPT-2 x32 step.</summary>
internal static unsafe class ProductCase
{
    private const int Rounds = 7, Batch = 4096, Width = 768, Active = 32;

    private static readonly (string Name, int M, int N, int K, bool TurnA, bool TurnB)[] shapes =
    [
        ("gate, x Gᵀ", Batch, 21490, Width, false, true),
        ("hidden, x Eᵀ", Batch, 3072, Width, false, true),
        ("shared, z D", Batch, Width, 3072, false, false),
        ("gradient of D, zᵀ q", 3072, Width, Batch, true, false),
    ];

    public static void Run()
    {
        using Sgemm own = Sgemm.Create(Workers.Shared);
        using TiledTopK gate = TiledTopK.Create(Active, null, Workers.Shared);
        Console.WriteLine($"{Machine.Describe()}; medians of {Rounds} alternating rounds, GFLOP/s\n\n| product | libtorch | own | ratio | with TopK |\n| --- | --- | --- | --- | --- |");
        foreach ((string name, int m, int n, int k, bool turnA, bool turnB) in shapes)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor a = turnA ? randn(k, m) : randn(m, k), b = turnB ? randn(n, k) : randn(k, n), c = zeros(m, n), d = zeros(m, n), bias = zeros(n);
            Tensor indices = empty(m, Active, dtype: ScalarType.Int64), values = empty(m, Active);
            MatrixView left = turnA ? a.View().Transposed : a.View(), right = turnB ? b.View().Transposed : b.View();
            Action[] cases =
            [
                () => Multiply(turnA ? a.t() : a, turnB ? b.t() : b, d),
                () => own.Multiply(left, right, c.Floats()),
                () => gate.Select(left, new EncoderView(b.View(), bias.Floats()), (long*)Formats.TensorMemory.Start(indices), values.Floats()),
            ];
            double[] seconds = Medians(turnB && n > 10000 ? cases : cases[..2]);
            double flops = 2e-9 * m * n * k;
            string topK = seconds.Length == 3 ? FormattableString.Invariant($"{flops / seconds[2]:f0} ({seconds[2] / seconds[1]:f2} x)") : "";
            Console.WriteLine(FormattableString.Invariant(
                $"| {name} | {flops / seconds[0]:f0} | {flops / seconds[1]:f0} | {seconds[0] / seconds[1]:f2} | {topK} |"));
        }
    }

    private static void Multiply(Tensor a, Tensor b, Tensor to)
    {
        using DisposeScope scope = NewDisposeScope();
        to.addmm_(a, b, 0, 1);
    }

    private static double[] Medians(Action[] cases)
    {
        List<double>[] seconds = [.. cases.Select(_ => new List<double>())];
        for (int round = 0; round <= Rounds; round++)
            for (int i = 0; i < cases.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                cases[i]();
                if (round > 0) seconds[i].Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        return [.. seconds.Select(all => all.Order().ElementAt(Rounds / 2))];
    }
}
