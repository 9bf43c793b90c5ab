using BenchmarkDotNet.Attributes;
using Mxd.Kernels;
using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Benchmarks.Micro;

/// <summary>The element-wise work of a mixture's step: B = 512, H = 3,072, O = 768.</summary>
public unsafe class HiddenBenchmarks : IDisposable
{
    private const int Batch = 512, Hidden = 3072, Width = 768;

    private DisposeScope scope = null!;
    private HiddenUnits units = null!;
    private LossKernel loss = null!;
    private Tensor u = null!, z = null!, e = null!, m = null!, s = null!, bias = null!, y = null!, target = null!, dy = null!;

    [Params("gelu", "silu", "relu")]
    public string Activation { get; set; } = "gelu";

    [GlobalSetup]
    public void Setup()
    {
        scope = NewDisposeScope();
        units = HiddenUnits.Create(Activation);
        loss = new LossKernel(Workers.Shared);
        (u, z, e, bias) = (randn(Batch, Hidden), empty(Batch, Hidden), zeros(Hidden), zeros(Width));
        (m, s, y, target, dy) = (randn(Batch, Width), randn(Batch, Width), zeros(Batch, Width), randn(Batch, Width), empty(Batch, Width));
    }

    [GlobalCleanup]
    public void Dispose()
    {
        loss.Dispose();
        scope.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public void Forward() => units.Forward(u.Floats(), e.Floats(), null, null, z.Floats(), Batch, Hidden, Workers.Shared);

    [Benchmark]
    public void Backward() => HiddenUnits.Multiply(z.Floats(), u.Floats(), Batch, Hidden, Workers.Shared);

    [Benchmark]
    public void BiasGradient() => RowNorms.SumColumns(z.Floats(), Batch, Hidden, e.Floats(), Workers.Shared);

    [Benchmark]
    public double Loss() => loss.Differentiate(m.Floats(), s.Floats(), bias.Floats(), y.Floats(), target.Floats(), dy.Floats(), Batch, Width);
}
