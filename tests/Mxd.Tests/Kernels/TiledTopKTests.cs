using Mxd.Kernels;
using Mxd.Tests.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Kernels;

/// <summary>The tiled gate against torch's own relu and topk over the whole product.</summary>
public unsafe class TiledTopKTests
{
    private const int TileTokens = 96, TileUnits = 512;

    /// <summary>B, N, I, K around the edges of tiles, K = 1, K = N.</summary>
    public static TheoryData<int, int, int, int> Shapes => new()
    {
        { 1, 1, 1, 1 },
        { 3, 7, 5, 7 },
        { TileTokens - 1, TileUnits - 1, 8, 32 },
        { TileTokens, TileUnits, 16, 1 },
        { TileTokens + 1, TileUnits + 1, 17, 64 },
        { 2 * TileTokens + 5, 2 * TileUnits + 15, 257, 8 },
        { 10, 300, 6, 300 },
        { 40, 1500, 3, 256 },
        { 5, 16 * TileUnits + 3, 4, 33 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Select_EqualsTorch(int tokens, int units, int width, int k)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (double shift in new[] { 0, -1.5, 1.0 })
        {
            Tensor x = randn(tokens, width), weights = randn(units, width) / Math.Sqrt(width), bias = randn(units) * 0.1 + shift;
            AssertEqualsTorch(x, weights, bias, k, 1e-5);
        }
    }

    /// <summary>Whole numbers: products are exact, and nearly every value occurs many times.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void Select_TakesTheLowerIndexOfEquals(int tokens, int units, int width, int k)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = randint(-2, 3, [tokens, width]).to(ScalarType.Float32), weights = randint(-2, 3, [units, width]).to(ScalarType.Float32);
        Tensor bias = randint(-1, 2, [units]).to(ScalarType.Float32);
        AssertEqualsTorch(x, weights, bias, k, 0);
        (long[,] indices, float[,] values, int bad) = Select(x, weights, bias, k);
        Assert.Equal(-1, bad);
        Tensor p = matmul(x, weights.t()) + bias;
        for (int token = 0; token < tokens; token++)
        {
            float[] row = [.. p[token].data<float>()];
            int[] expected = [.. Enumerable.Range(0, units).Where(n => row[n] > 0).OrderByDescending(n => row[n]).ThenBy(n => n).Take(k).Order()];
            for (int i = 0; i < k; i++)
            {
                Assert.Equal(i < expected.Length ? expected[i] : 0, indices[token, i]);
                Assert.Equal(i < expected.Length ? row[expected[i]] : 0, values[token, i]);
            }
        }
    }

    [Fact]
    public void Select_IsRight_WhereValuesOnlyRise()
    {
        using DisposeScope scope = NewDisposeScope();
        // The worst order: every value is a candidate.
        AssertEqualsTorch(ones(3, 1), arange(1, 3001, dtype: ScalarType.Float32).view(3000, 1), zeros(3000), 32, 0);
        AssertEqualsTorch(ones(3, 1), ones(3000, 1), zeros(3000), 32, 0);
    }

    [Fact]
    public void Select_ChoosesNothing_WhereNothingIsPositive()
    {
        using DisposeScope scope = NewDisposeScope();
        (long[,] indices, float[,] values, int bad) = Select(ones(100, 4), -ones(700, 4), zeros(700), 5);
        Assert.Equal(-1, bad);
        Assert.All(indices.Cast<long>(), index => Assert.Equal(0, index));
        Assert.All(values.Cast<float>(), value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(57, false)]
    [InlineData(149, false)]
    [InlineData(0, true)]
    [InlineData(57, true)]
    [InlineData(149, true)]
    public void Select_TellsTheFirstTokenThatIsNotANumber(int token, bool narrow)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = randn(150, 20);
        x[token, 3] = float.NaN;
        x[149, 7] = float.NaN;
        Assert.Equal(token, Select(x, randn(600, 20), zeros(600), 4, narrow).FirstBad);
    }

    [Fact]
    public void Select_TellsOfAUnitThatIsNotANumber()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weights = randn(531, 20);
        weights[530, 19] = float.NaN;
        Assert.Equal(0, Select(randn(5, 20), weights, zeros(531), 4).FirstBad);
    }

    /// <summary>Candidates come from values that are off by some thousandths; those chosen, and their values, are float32's.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void Select_ByBfloat16_EqualsTorch(int tokens, int units, int width, int k)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (double shift in new[] { 0, -1.5, 1.0 })
        {
            Tensor x = randn(tokens, width), weights = randn(units, width) / Math.Sqrt(width), bias = randn(units) * 0.1 + shift;
            // What is rounded to zero or below is no candidate, though its value may be just above zero.
            AssertEqualsTorch(x, weights, bias, k, 1e-5, narrow: true, closeToZero: 0.02);
        }
    }

    /// <summary>Of 19,000 choices all but those between values that are as good as equal.</summary>
    [Fact]
    public void Select_ByBfloat16_ChoosesAsFloat32Does_AtThePublishedSize()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = RandomLayers.Rows(64, 768, 1), weights = RandomLayers.Rows(21490, 768, 2) / Math.Sqrt(768), bias = zeros(21490);
        foreach (int k in new[] { 8, 32, 256 })
        {
            (long[,] narrow, float[,] values, _) = Select(x, weights, bias, k, narrow: true);
            (long[,] full, float[,] expected, _) = Select(x, weights, bias, k);
            Assert.InRange(narrow.Cast<long>().Zip(full.Cast<long>()).Count(pair => pair.First != pair.Second), 0, 2);
            GoldenTensors.AssertClose(tensor(expected).sort(1).Values, tensor(values).sort(1).Values, 1e-5, $"K = {k}");
        }
    }

    private static void AssertEqualsTorch(Tensor x, Tensor weights, Tensor bias, int k, double tolerance, bool narrow = false, double closeToZero = 0)
    {
        using DisposeScope scope = NewDisposeScope();
        (long[,] indices, float[,] values, int bad) = Select(x, weights, bias, k, narrow);
        Assert.Equal(-1, bad);
        Tensor activations = (matmul(x, weights.t()) + bias).relu();
        (Tensor expected, _) = activations.topk(k, 1, true, true);
        Tensor chosen = tensor(values), at = tensor(indices);
        Tensor ordered = chosen.sort(1, descending: true).Values;
        // The rest, in descending order, is too small to be sure of.
        (expected, ordered) = (expected.masked_fill(expected < closeToZero, 0), ordered.masked_fill(ordered < closeToZero, 0));
        GoldenTensors.AssertClose(expected, ordered, tolerance, "values");
        GoldenTensors.AssertClose(activations.gather(1, at).masked_fill(chosen == 0, 0), chosen, tolerance, "values of the indices");
    }

    private static (long[,] Indices, float[,] Values, int FirstBad) Select(Tensor x, Tensor weights, Tensor bias, int k, bool narrow = false)
    {
        using DisposeScope scope = NewDisposeScope();
        x = x.contiguous();
        weights = weights.contiguous();
        bias = bias.contiguous();
        (int tokens, int units, int width) = ((int)x.shape[0], (int)weights.shape[0], (int)x.shape[1]);
        long[,] indices = new long[tokens, k];
        float[,] values = new float[tokens, k];
        using var threads = new Workers(2);
        using TiledTopK gate = narrow ? new NarrowTopK(k, null, threads) : units % 2 == 0 ? TiledTopK.Create(k, null, threads) : new TiledTopK<Vector512Kernel>(k, null, threads);
        fixed (long* index = indices)
        fixed (float* value = values)
        {
            int bad = gate.Select(new MatrixView(Pointer(x), tokens, width), new EncoderView(new MatrixView(Pointer(weights), units, width), Pointer(bias)), index, value);
            return (indices, values, bad);
        }
    }

    private static float* Pointer(Tensor tensor) => (float*)tensor.storage<float>().data_ptr();
}
