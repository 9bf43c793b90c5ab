using BenchmarkDotNet.Attributes;
using Mxd.Kernels;
using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Benchmarks.Micro;

/// <summary>What a step does with K = 32 rows a token, and its update: B = 1,024, width 768, 8,192 units.</summary>
public unsafe class UnitBenchmarks : IDisposable
{
    private const int Batch = 1024, Width = 768, Units = 8192, K = 32;

    private readonly AdamUpdate update = new(0.9, 0.999, 1e-8, 1e-6, 1);
    private DisposeScope scope = null!;
    private UnitEntries entries = null!;
    private RandomCodes codes = null!;
    private UnitGradient gradient = null!;
    private Tensor rows = null!, m = null!, v = null!, q = null!, y = null!, da = null!, whole = null!;

    [GlobalSetup]
    public void Setup()
    {
        scope = NewDisposeScope();
        (rows, m, v, whole) = (randn(Units, Width), zeros(Units, Width), ones(Units, Width), randn(Units, Width));
        (q, y, da) = (randn(Batch, Width), empty(Batch, Width), empty(Batch, K));
        entries = new UnitEntries();
        codes = new RandomCodes(Batch, K, Units);
        codes.Build(entries);
        gradient = new UnitGradient(entries, codes.View.Coefficients, q.View());
    }

    [GlobalCleanup]
    public void Dispose()
    {
        entries.Dispose();
        codes.Dispose();
        scope.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public void ExpertSumForward() => ExpertSum.Forward(codes.View, rows.View(), y.Floats(), Workers.Shared);

    [Benchmark]
    public void ExpertSumCodeGradient() => ExpertSum.CodeGradient(codes.View, rows.View(), q.Floats(), da.Floats(), Workers.Shared);

    [Benchmark]
    public void CodesByUnit() => codes.Build(entries);

    [Benchmark]
    public void UnitGradientAndAdam() => update.Apply(rows.Floats(), m.Floats(), v.Floats(), gradient, Workers.Shared);

    [Benchmark]
    public void AdamOfAWholeGradient() => update.Apply(rows.Floats(), m.Floats(), v.Floats(), whole.Floats(), rows.numel(), Workers.Shared);

    [Benchmark]
    public void UnitNorm() => RowNorms.Normalise(rows.Floats(), Units, Width, Workers.Shared);
}
