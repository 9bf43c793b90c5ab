using Mxd.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Kernels;

/// <summary>The product of our own against torch's, for every micro-kernel (where a processor lacks its instructions .NET emulates them).</summary>
public unsafe class SgemmTests
{
    public static TheoryData<string, int> KernelsAndWorkers => new()
    {
        { "256", 1 },
        { "256", 2 },
        { "256", 3 },
        { "512", 1 },
        { "512", 2 },
        { "own", 2 },
    };

    [Theory]
    [MemberData(nameof(KernelsAndWorkers))]
    public void Multiply_EqualsTorch_AroundEveryTileBoundary(string kernel, int workers)
    {
        using var threads = new Workers(workers);
        using Sgemm product = Create(kernel, threads);
        var random = new Random(workers);
        (int M, int N, int K)[] fixedSizes =
        [
            (1, 1, 1), (5, 15, 1), (6, 16, 255), (7, 17, 256), (12, 32, 192), (13, 33, 193), (96, 64, 257), (97, 65, 513), (11, 31, 385), (1, 100, 3), (200, 1, 40), (3, 2, 0),
        ];
        foreach ((int m, int n, int k) in fixedSizes) AssertEqualsTorch(product, m, n, k, random);
        for (int round = 0; round < 12; round++) AssertEqualsTorch(product, random.Next(1, 130), random.Next(1, 90), random.Next(1, 300), random);
    }

    [Fact]
    public void Multiply_EqualsTorch_WhereBIsPackedInParts()
    {
        using var threads = new Workers(2);
        using Sgemm product = Sgemm.Create(threads);
        // 16 MB hold 52,416 columns of 80 values.
        AssertEqualsTorch(product, 5, 53_000, 80, new Random(1));
    }

    [Fact]
    public void Multiply_DoesNotDependOnTheNumberOfWorkers()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = randn(150, 300), b = randn(300, 70);
        Tensor[] results = [.. new[] { 1, 2, 3 }.Select(workers =>
        {
            using var threads = new Workers(workers);
            using Sgemm product = Sgemm.Create(threads);
            Tensor c = empty(150, 70);
            product.Multiply(View(a), View(b), Pointer(c));
            return c;
        })];
        GoldenTensors.AssertClose(results[0], results[1], 0, "2 workers");
        GoldenTensors.AssertClose(results[0], results[2], 0, "3 workers");
    }

    [Fact]
    public void Multiply_RefusesShapesThatDoNotFit()
    {
        using var threads = new Workers(1);
        using Sgemm product = Sgemm.Create(threads);
        Assert.Throws<ArgumentException>(() => product.Multiply(new MatrixView(null, 2, 3), new MatrixView(null, 4, 2), null));
    }

    private static Sgemm Create(string kernel, Workers workers) => kernel switch
    {
        "256" => new Sgemm<Vector256Kernel>(workers),
        "512" => new Sgemm<Vector512Kernel>(workers),
        _ => Sgemm.Create(workers),
    };

    /// <summary>All orientations of A and B; what C held before does not matter.</summary>
    private static void AssertEqualsTorch(Sgemm product, int m, int n, int k, Random random)
    {
        using DisposeScope scope = NewDisposeScope();
        bool turnA = random.Next(2) == 0, turnB = random.Next(2) == 0;
        Tensor a = turnA ? randn(k, m) : randn(m, k), b = turnB ? randn(n, k) : randn(k, n), c = randn(m, n);
        Tensor expected = matmul(turnA ? a.t() : a, turnB ? b.t() : b);
        product.Multiply(turnA ? View(a).Transposed : View(a), turnB ? View(b).Transposed : View(b), Pointer(c));
        GoldenTensors.AssertClose(expected, c, 1e-5 * Math.Sqrt(k + 1), $"{m} x {n} x {k}, {turnA}, {turnB}");
    }

    private static MatrixView View(Tensor matrix) => new(Pointer(matrix), (int)matrix.shape[0], (int)matrix.shape[1]);

    private static float* Pointer(Tensor matrix) => (float*)matrix.storage<float>().data_ptr();
}
