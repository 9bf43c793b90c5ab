using BenchmarkDotNet.Attributes;
using Mxd.Kernels;
using Mxd.Layers;
using static TorchSharp.torch;

namespace Mxd.Benchmarks.Micro;

/// <summary>The gate's product x Gᵀ [512,768] x [768,4096] bare, and with the selection that keeps it from being stored. At most 1.25 times it is the aim.</summary>
public unsafe class GateBenchmarks
{
    private const int Batch = 512, Width = 768, Units = 4096;

    private Sgemm product = null!;
    private TiledTopK gate = null!;
    private Tensor x = null!, weights = null!, bias = null!, p = null!, indices = null!, values = null!;

    [Params(8, 32, 256)]
    public int K { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        product = Sgemm.Create(Workers.Shared);
        gate = TiledTopK.Create(K, null, Workers.Shared);
        (x, weights, bias, p) = (randn(Batch, Width), randn(Units, Width), zeros(Units), zeros(Batch, Units));
        (indices, values) = (empty(Batch, K, dtype: ScalarType.Int64), empty(Batch, K));
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        product.Dispose();
        gate.Dispose();
        foreach (Tensor tensor in new[] { x, weights, bias, p, indices, values }) tensor.Dispose();
    }

    [Benchmark(Baseline = true)]
    public void Product() => product.Multiply(x.View(), weights.View().Transposed, p.Floats());

    [Benchmark]
    public int ProductWithTopK() => gate.Select(x.View(), new EncoderView(weights.View(), bias.Floats()), (long*)Formats.TensorMemory.Start(indices), values.Floats());
}
