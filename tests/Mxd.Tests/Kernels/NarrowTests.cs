using Mxd.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Kernels;

/// <summary>Rounding to bfloat16 and products of it, against torch's own conversion and float32's product of the rounded values.</summary>
public unsafe class NarrowTests
{
    [Fact]
    public void Round_EqualsTorchs_BitForBit()
    {
        using DisposeScope scope = NewDisposeScope();
        var random = new Random(2);
        float[] anyBits = [.. Enumerable.Range(0, 10_003).Select(_ => BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32))).Where(v => !float.IsNaN(v))];
        float[] edges = [0, -0f, 1, 1 + 1f / 256, 1 + 3f / 256, float.MaxValue, float.MinValue, float.Epsilon, float.PositiveInfinity, float.NegativeInfinity, 3e-39f];
        foreach (Tensor values in new[] { randn(10_000) * 3, tensor(anyBits), tensor(edges) })
        {
            float[] from = [.. values.data<float>()], expected = [.. values.to(ScalarType.BFloat16).to(ScalarType.Float32).data<float>()];
            Assert.Equal(expected.Select(BitConverter.SingleToUInt32Bits), RoundTrip(from).Select(BitConverter.SingleToUInt32Bits));
        }
    }

    [Fact]
    public void Round_KeepsWhatIsNotANumber()
    {
        // The low half of the second alone says that it is not infinity.
        float[] values = [float.NaN, BitConverter.UInt32BitsToSingle(0x7F800001), BitConverter.UInt32BitsToSingle(0xFFFFFFFF), 1];
        Assert.Equal([true, true, true, false], RoundTrip([.. Enumerable.Repeat(values, 9).SelectMany(v => v)]).Take(4).Select(float.IsNaN));
        Assert.Equal([true, true, true, false], RoundTrip(values).Select(float.IsNaN));
    }

    /// <summary>All orientations; a product after a larger one finds memory that is not its size.</summary>
    [Fact]
    public void Multiply_IsTheProductOfRoundedValues()
    {
        using DisposeScope scope = NewDisposeScope();
        using var workers = new Workers(2);
        using var product = new NarrowProduct(workers);
        var random = new Random(1);
        for (int round = 0; round < 24; round++)
        {
            (int m, int n, int k) = (random.Next(1, 150), random.Next(1, 90), random.Next(1, 200));
            bool turnA = round % 2 == 1, turnB = round % 4 > 1;
            Tensor a = turnA ? randn(k, m) : randn(m, k), b = turnB ? randn(n, k) : randn(k, n), c = full(m, n, float.NaN);
            product.Multiply(turnA ? View(a).Transposed : View(a), turnB ? View(b).Transposed : View(b), Pointer(c));
            Tensor expected = matmul(Narrow(turnA ? a.t() : a), Narrow(turnB ? b.t() : b));
            Tensor excess = (c - expected).abs() - (expected.abs() / 256 + 1e-4);
            Assert.True(excess.max().ToSingle() <= 0, $"{m} x {n} x {k}, {turnA}, {turnB}: {excess.max().ToSingle()} too far");
        }
    }

    [Fact]
    public void Multiply_RefusesShapesThatDoNotFit()
    {
        using var workers = new Workers(1);
        using var product = new NarrowProduct(workers);
        Assert.Throws<ArgumentException>(() => product.Multiply(new MatrixView(null, 2, 3), new MatrixView(null, 4, 2), null));
    }

    [Fact]
    public void Workers_LeaveTheCallersThreadsAsTheyWere()
    {
        int before = get_num_threads();
        using (TorchThreads.KeepForCaller())
        {
            TorchThreads.WorkAlone();
            Assert.Equal(1, get_num_threads());
        }
        Assert.Equal(before, get_num_threads());
    }

    private static Tensor Narrow(Tensor values) => values.to(ScalarType.BFloat16).to(ScalarType.Float32);

    private static float[] RoundTrip(float[] values)
    {
        ushort[] narrow = new ushort[values.Length];
        float[] result = new float[values.Length];
        fixed (float* from = values, to = result)
        fixed (ushort* half = narrow)
        {
            Narrowing.Round(from, half, values.Length);
            Narrowing.Widen(half, to, values.Length);
        }
        return result;
    }

    private static MatrixView View(Tensor matrix) => new(Pointer(matrix), (int)matrix.shape[0], (int)matrix.shape[1]);

    private static float* Pointer(Tensor matrix) => (float*)matrix.storage<float>().data_ptr();
}
