using System.Diagnostics;
using Mxd.Kernels;
using Mxd.Layers;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Benchmarks;

/// <summary>Where the time of a mixture's step at GPT-2 x32 goes: each kernel alone, at the step's sizes, on random codes.</summary>
internal static unsafe class KernelProfile
{
    private const int Batch = 4096, Width = 768, Hidden = 3072, Experts = 21490, Active = 32, Rounds = 5;

    public static void Run()
    {
        using DisposeScope scope = NewDisposeScope();
        Workers workers = Workers.Shared;
        using Sgemm product = Sgemm.Create(workers);
        using TiledTopK gate = TiledTopK.Create(Active, null, workers);
        using var entries = new UnitEntries();
        using var loss = new LossKernel(workers);
        Tensor x = randn(Batch, Width), q = randn(Batch, Width), y = randn(Batch, Width), target = randn(Batch, Width), dy = empty(Batch, Width);
        Tensor rows = randn(Experts, Width), m = zeros(Experts, Width), v = ones(Experts, Width), bias = zeros(Experts);
        Tensor indices = empty(Batch, Active, dtype: ScalarType.Int64), values = empty(Batch, Active), da = empty(Batch, Active);
        Tensor u = randn(Batch, Hidden), z = empty(Batch, Hidden), e = zeros(Hidden), weights = randn(Hidden, Width) * 0.01;
        long* index = (long*)Formats.TensorMemory.Start(indices);
        var codes = new CodesView(index, values.Floats(), Batch, Active);
        var update = new AdamUpdate(0.9, 0.999, 1e-8, 1e-6, 1);
        HiddenUnits units = HiddenUnits.Create("gelu");

        Console.WriteLine($"{Machine.Describe()}; medians of {Rounds}, ms\n\n| part of the step | ms |\n| --- | --- |");
        Print("gate's product and TopK", () => gate.Select(x.View(), new EncoderView(rows.View(), bias.Floats()), index, values.Floats()));
        Print("x Eᵀ", () => product.Multiply(x.View(), weights.View().Transposed, u.Floats()));
        Print("z D", () => product.Multiply(u.View(), weights.View(), y.Floats()));
        Print("gradient of D or E", () => product.Multiply(u.View().Transposed, x.View(), weights.Floats()));
        Print("gelu and its derivative", () => units.Forward(u.Floats(), e.Floats(), null, null, z.Floats(), Batch, Hidden, workers));
        Print("gradient through gelu", () => HiddenUnits.Multiply(u.Floats(), z.Floats(), Batch, Hidden, workers));
        Print("gradient of e", () => RowNorms.SumColumns(u.Floats(), Batch, Hidden, e.Floats(), workers));
        Print("codes by unit", () => entries.Build(index, values.Floats(), Batch, Active, Experts));
        Print("a C", () => ExpertSum.Forward(codes, rows.View(), y.Floats(), workers));
        Print("loss", () => loss.Differentiate(y.Floats(), q.Floats(), bias.Floats(), x.Floats(), target.Floats(), dy.Floats(), Batch, Width));
        Print("gradient of a", () => ExpertSum.CodeGradient(codes, rows.View(), q.Floats(), da.Floats(), workers));
        Print("unit norm of C", () => RowNorms.Normalise(rows.Floats(), Experts, Width, workers));
        var gradient = new UnitGradient(entries, values.Floats(), q.View());
        Print("gradient and update of C or G", () => update.Apply(rows.Floats(), m.Floats(), v.Floats(), gradient, workers));
        Print("the same without the gradient", () => update.Apply(rows.Floats(), m.Floats(), v.Floats(), rows.Floats(), rows.numel(), workers));
    }

    private static void Print(string name, Action work)
    {
        work();
        List<double> all = [];
        for (int i = 0; i < Rounds; i++)
        {
            long start = Stopwatch.GetTimestamp();
            work();
            all.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        Console.WriteLine(FormattableString.Invariant($"| {name} | {all.Order().ElementAt(Rounds / 2):f1} |"));
    }
}
