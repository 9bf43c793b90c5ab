using Mxd.Kernels;

namespace Mxd.Tests.Kernels;

/// <summary>
/// Every kernel that works in tiles, at one below, at, and one above each edge. Values are small whole numbers, so sums are exact in any order
/// and the comparison is with a plain loop, to the bit.
/// </summary>
public unsafe class TileEdgeTests
{
    private readonly Random random = new(1);

    public static TheoryData<string> MicroKernels => ["256", "512"];

    /// <summary>Micro-kernels of 6 x 16 and 12 x 32, blocks of 96 rows, slices of k of 192 and 256; both orientations of A and of B, adding or not.</summary>
    [Theory]
    [MemberData(nameof(MicroKernels))]
    public void Product_IsExact(string kernel)
    {
        using var workers = new Workers(2);
        using Sgemm product = kernel == "256" ? new Sgemm<Vector256Kernel>(workers) : new Sgemm<Vector512Kernel>(workers);
        foreach (int m in new[] { 0, 1, 5, 6, 7, 11, 12, 13, 95, 96, 97 })
            foreach (int n in new[] { 0, 1, 15, 16, 17, 31, 32, 33 })
                foreach (int k in new[] { 0, 1, 191, 192, 193, 255, 256, 257 }) AssertProduct(product, m, n, k);
    }

    /// <summary>Blocks of 96 tokens, tiles of 512 units, panels of 16 and 32; K = 1, around the 64 spare candidates, and N; ties everywhere.</summary>
    [Theory]
    [MemberData(nameof(MicroKernels))]
    public void Gate_TakesTheLargest_AndOfEqualsTheLowerIndex(string kernel)
    {
        int round = 0;
        foreach (int tokens in new[] { 0, 1, 95, 96, 97, 192, 193 })
            foreach (int units in new[] { 1, 15, 17, 31, 33, 511, 512, 513, 1023, 1025 })
            {
                int width = new[] { 1, 5, 192, 193, 257 }[round % 5], k = Math.Min(units, new[] { 1, 63, 64, 65, units, 7 }[round % 6]);
                AssertGate(kernel, tokens, units, width, k, shift: round++ % 4 - 2);
            }
    }

    /// <summary>16 MB hold 1024 units of 4096 values.</summary>
    [Theory]
    [MemberData(nameof(MicroKernels))]
    public void Gate_IsRight_WhereWeightsArePackedInParts(string kernel)
    {
        foreach (int units in new[] { 1023, 1024, 1025 }) AssertGate(kernel, tokens: 2, units, width: 4096, k: 40, shift: 0);
    }

    [Theory]
    [MemberData(nameof(MicroKernels))]
    public void Gate_ChoosesNothing_WhereAllAreNegative(string kernel)
    {
        foreach (int k in new[] { 1, 9, 513 }) AssertGate(kernel, tokens: 97, units: 513, width: 4, k, shift: -100);
    }

    /// <summary>Grains of 32 tokens, rows summed four at a time, vectors of 8 and 16.</summary>
    [Fact]
    public void ExpertSum_IsExact()
    {
        using var workers = new Workers(2);
        foreach (int tokens in new[] { 0, 1, 31, 32, 33, 65 })
            foreach (int width in new[] { 1, 7, 8, 9, 15, 16, 17, 33 })
                foreach (int k in new[] { 1, 3, 4, 5, 8 }) AssertExpertSum(workers, tokens, width, k);
    }

    /// <summary>A unit's tokens are summed 64 at a time.</summary>
    [Fact]
    public void UnitGradient_IsExact()
    {
        using var workers = new Workers(2);
        foreach (int active in new[] { 0, 1, 3, 4, 5, 63, 64, 65, 127, 128, 129 })
            foreach (int width in new[] { 1, 8, 9, 17 }) AssertUnitGradient(workers, active, width);
    }

    /// <summary>Grains of 128 columns.</summary>
    [Fact]
    public void SumColumns_IsExact()
    {
        using var workers = new Workers(2);
        foreach (int count in new[] { 0, 1, 2, 129 })
            foreach (int width in new[] { 1, 7, 8, 9, 127, 128, 129, 257 })
            {
                float[] rows = Whole(count * width), expected = new float[width];
                for (int i = 0; i < rows.Length; i++) expected[i % width] += rows[i];
                using Moat from = new(rows), to = new(width);
                RowNorms.SumColumns(from.Data, count, width, to.Data, workers);
                to.AssertHolds(expected, $"{count} x {width}");
            }
    }

    /// <summary>Grains of 32,768 values; the last ones beyond a vector's eight.</summary>
    [Fact]
    public void Update_IsTheFormula()
    {
        using var workers = new Workers(2);
        var update = new AdamUpdate(0.5, 0.25, 0.125, 0.5, 2);
        foreach (int count in new[] { 0, 1, 7, 8, 9, 32_767, 32_768, 32_769, 65_537 })
        {
            float[] w = Whole(count), m = Whole(count), v = [.. Whole(count).Select(x => x * x)], g = Whole(count);
            using Moat weights = new(w), first = new(m), second = new(v), gradient = new(g);
            update.Apply(weights.Data, first.Data, second.Data, gradient.Data, count, workers);
            for (int i = 0; i < count; i++)
            {
                m[i] = (m[i] + g[i]) / 2;
                v[i] = v[i] / 4 + g[i] * g[i] * 0.75f;
                w[i] -= m[i] / 2 / (MathF.Sqrt(v[i]) / 2 + 0.125f);
            }
            first.AssertHolds(m, $"first moments of {count}");
            second.AssertHolds(v, $"second moments of {count}");
            weights.AssertHolds(w, $"weights of {count}");
        }
    }

    /// <summary>Grains of 16 rows in the hidden layer and 32 in the loss: many rows are what each is by itself.</summary>
    [Fact]
    public void ElementwiseKernels_GiveEachRowWhatItHasAlone()
    {
        using var workers = new Workers(2);
        foreach (int rows in new[] { 1, 15, 16, 17, 31, 32, 33, 65 })
            foreach (int width in new[] { 1, 7, 8, 9, 17 })
            {
                float[] u = Whole(rows * width), f = Whole(rows * width), bias = Whole(width), factorBias = Whole(width);
                float[][] all = Hidden(u, f, bias, factorBias, rows, width, workers);
                for (int row = 0; row < rows; row++)
                {
                    Range own = (row * width)..((row + 1) * width);
                    float[][] alone = Hidden(u[own], f[own], bias, factorBias, 1, width, workers);
                    for (int i = 0; i < alone.Length; i++) Assert.Equal(alone[i], all[i][own]);
                }
            }
    }

    private static float[][] Hidden(float[] u, float[] f, float[] bias, float[] factorBias, int rows, int width, Workers workers)
    {
        using Moat pre = new(u), factor = new(f), e = new(bias), v = new(factorBias), z = new(u.Length), product = new(u);
        HiddenUnits.Multiply(product.Data, factor.Data, rows, width, workers);
        HiddenUnits.Create("gelu").Forward(pre.Data, e.Data, factor.Data, v.Data, z.Data, rows, width, workers);
        float[][] results = [product.Values.ToArray(), pre.Values.ToArray(), factor.Values.ToArray(), z.Values.ToArray()];
        foreach ((Moat moat, float[] own) in new[] { product, pre, factor, z }.Zip(results)) moat.AssertHolds(own, $"{rows} x {width}");
        return results;
    }

    private void AssertProduct(Sgemm product, int m, int n, int k)
    {
        float[] a = Whole(m * k), b = Whole(k * n), expected = new float[m * n];
        for (int i = 0; i < m; i++)
            for (int l = 0; l < k; l++)
                for (int j = 0; j < n; j++) expected[i * n + j] += a[i * k + l] * b[l * n + j];
        using Moat straightA = new(a), turnedA = new(Turn(a, m, k)), straightB = new(b), turnedB = new(Turn(b, k, n));
        MatrixView[] left = [new(straightA.Data, m, k), new MatrixView(turnedA.Data, k, m).Transposed];
        MatrixView[] right = [new(straightB.Data, k, n), new MatrixView(turnedB.Data, n, k).Transposed];
        for (int way = 0; way < 4; way++)
        {
            using Moat c = new(m * n);
            product.Multiply(left[way & 1], right[way / 2], c.Data);
            c.AssertHolds(expected, $"{m} x {n} x {k}, way {way}");
        }
    }

    private void AssertGate(string kernel, int tokens, int units, int width, int k, int shift)
    {
        float[] x = Whole(tokens * width), w = Whole(units * width), b = [.. Whole(units).Select(value => value + shift)];
        using Moat inputs = new(x), weights = new(w), bias = new(b), coefficients = new(tokens * k);
        long[] indices = new long[tokens * k];
        using var workers = new Workers(2);
        using TiledTopK gate = kernel == "256" ? new TiledTopK<Vector256Kernel>(k, null, workers) : new TiledTopK<Vector512Kernel>(k, null, workers);
        fixed (long* index = indices)
            Assert.Equal(-1, gate.Select(new(inputs.Data, tokens, width), new EncoderView(new MatrixView(weights.Data, units, width), bias.Data), index, coefficients.Data));

        float[] expected = new float[tokens * k], p = new float[units];
        for (int token = 0; token < tokens; token++)
        {
            for (int n = 0; n < units; n++)
            {
                float sum = 0;
                for (int i = 0; i < width; i++) sum += x[token * width + i] * w[n * width + i];
                p[n] = sum + b[n];
            }
            int[] chosen = [.. Enumerable.Range(0, units).Where(n => p[n] > 0).OrderByDescending(n => p[n]).ThenBy(n => n).Take(k).Order()];
            for (int i = 0; i < k; i++)
            {
                Assert.Equal(i < chosen.Length ? chosen[i] : 0, indices[token * k + i]);
                if (i < chosen.Length) expected[token * k + i] = p[chosen[i]];
            }
        }
        coefficients.AssertHolds(expected, $"B {tokens}, N {units}, I {width}, K {k}");
    }

    private void AssertExpertSum(Workers workers, int tokens, int width, int k)
    {
        const int Units = 9;
        long[] indices = [.. Enumerable.Range(0, tokens * k).Select(i => (long)((i / k * 5 + i % k) % Units))];
        float[] a = [.. Whole(tokens * k).Select(x => Math.Max(x, 0))], c = Whole(Units * width), q = Whole(tokens * width);
        float[] sum = new float[tokens * width], da = new float[tokens * k];
        for (int at = 0; at < a.Length; at++)
        {
            if (a[at] == 0) continue;
            for (int j = 0; j < width; j++)
            {
                sum[at / k * width + j] += a[at] * c[indices[at] * width + j];
                da[at] += q[at / k * width + j] * c[indices[at] * width + j];
            }
        }
        using Moat coefficients = new(a), rows = new(c), gradient = new(q), m = new(sum.Length), result = new(da.Length);
        fixed (long* index = indices)
        {
            var codes = new CodesView(index, coefficients.Data, tokens, k);
            ExpertSum.Forward(codes, new(rows.Data, Units, width), m.Data, workers);
            ExpertSum.CodeGradient(codes, new(rows.Data, Units, width), gradient.Data, result.Data, workers);
        }
        m.AssertHolds(sum, $"sum of B {tokens}, O {width}, K {k}");
        result.AssertHolds(da, $"da of B {tokens}, O {width}, K {k}");
    }

    /// <summary>Unit 1 of three is active on the given number of tokens, unit 2 on one, unit 0 on none.</summary>
    private void AssertUnitGradient(Workers workers, int active, int width)
    {
        int tokens = active + 1;
        long[] indices = [.. Enumerable.Repeat(1L, active), 2];
        float[] a = [.. Enumerable.Repeat(1f, tokens)], scale = Whole(tokens), vectors = Whole(tokens * width), expected = new float[3 * width];
        for (int i = 0; i < vectors.Length; i++) expected[indices[i / width] * width + i % width] += scale[i / width] * vectors[i];
        using Moat ones = new(a), scales = new(scale), from = new(vectors), to = new(3 * width), own = new(Whole(3 * width));
        using var entries = new UnitEntries();
        fixed (long* index = indices) entries.Build(index, ones.Data, tokens, 1, 3);
        new UnitGradient(entries, scales.Data, new(from.Data, tokens, width)).WriteTo(own.Data, to.Data, workers);
        to.AssertHolds(expected, $"{active} tokens, width {width}");
    }

    private float[] Whole(int count)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) values[i] = random.Next(-2, 3);
        return values;
    }

    private static float[] Turn(float[] matrix, int rows, int columns)
    {
        float[] turned = new float[matrix.Length];
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) turned[j * rows + i] = matrix[i * columns + j];
        return turned;
    }
}
