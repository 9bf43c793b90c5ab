using Mxd.Kernels;
using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Kernels;

/// <summary>Products of sparse codes against torch's dense ones.</summary>
public unsafe class ExpertSumTests
{
    /// <summary>B, N, O, K.</summary>
    public static TheoryData<int, int, int, int> Shapes => new()
    {
        { 1, 1, 1, 1 },
        { 5, 3, 7, 3 },
        { 31, 50, 16, 5 },
        { 32, 20, 17, 20 },
        { 200, 2, 33, 1 },
        { 333, 1000, 24, 9 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ForwardAndBackward_EqualDenseProducts(int tokens, int units, int width, int k)
    {
        using DisposeScope scope = NewDisposeScope();
        using var workers = new Workers(2);
        using var entries = new UnitEntries();
        (Tensor indices, Tensor a) = Codes(tokens, units, k);
        Tensor rows = randn(units, width), q = randn(tokens, width), sum = empty(tokens, width), da = empty(tokens, k);
        Tensor dense = zeros(tokens, units).scatter_add(1, indices, a);
        CodesView codes = View(indices, a);
        MatrixView matrix = rows.View();

        ExpertSum.Forward(codes, matrix, sum.Floats(), workers);
        GoldenTensors.AssertClose(matmul(dense, rows), sum, 1e-4, "sum");
        ExpertSum.CodeGradient(codes, matrix, q.Floats(), da.Floats(), workers);
        GoldenTensors.AssertClose(matmul(q, rows.t()).gather(1, indices).masked_fill(a <= 0, 0), da, 1e-4, "da");

        entries.Build(codes.Indices, codes.Coefficients, tokens, k, units);
        Tensor bias = empty(units), gradient = empty(units, width), expected = matmul(dense.t(), q);
        entries.Sum(a.Floats(), bias.Floats());
        GoldenTensors.AssertClose(dense.sum(dim: 0), bias, 1e-4, "bias");
        var computed = new UnitGradient(entries, a.Floats(), q.View());
        computed.WriteTo(rows.Floats(), gradient.Floats(), workers);
        GoldenTensors.AssertClose(expected, gradient, 1e-4, "gradient");

        RowNorms.Normalise(rows.Floats(), units, width, workers);
        Assert.Equal(0, (rows.square().sum(dim: 1).sqrt() - 1).abs().max().ToSingle(), 1e-5);
        computed.DropsParallel = true;
        computed.WriteTo(rows.Floats(), gradient.Floats(), workers);
        UnitRows.RemoveParallel(expected, rows);
        GoldenTensors.AssertClose(expected, gradient, 1e-4, "gradient without its parallel part");
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Update_RowByRow_EqualsTheUpdateByTheWholeGradient(int tokens, int units, int width, int k)
    {
        using DisposeScope scope = NewDisposeScope();
        using var workers = new Workers(2);
        using var entries = new UnitEntries();
        Tensor rows = randn(units, width), m = randn(units, width), v = rand(units, width);
        Tensor[] whole = [rows.clone(), m.clone(), v.clone()];
        for (int step = 1; step < 4; step++)
        {
            (Tensor indices, Tensor a) = Codes(tokens, units, k);
            Tensor q = randn(tokens, width);
            CodesView codes = View(indices, a);
            entries.Build(codes.Indices, codes.Coefficients, tokens, k, units);
            var update = new AdamUpdate(0.9, 0.999, 1e-8, 1e-2 / (1 - Math.Pow(0.9, step)), Math.Sqrt(1 - Math.Pow(0.999, step)));
            update.Apply(rows.Floats(), m.Floats(), v.Floats(), new UnitGradient(entries, a.Floats(), q.View()), workers);
            Tensor gradient = matmul(zeros(tokens, units).scatter_add(1, indices, a).t(), q);
            update.Apply(whole[0].Floats(), whole[1].Floats(), whole[2].Floats(), gradient.Floats(), gradient.numel(), workers);
        }
        GoldenTensors.AssertClose(whole[0], rows, 1e-4, "rows");
        GoldenTensors.AssertClose(whole[1], m, 1e-4, "first moments");
        GoldenTensors.AssertClose(whole[2], v, 1e-3, "second moments");
    }

    [Fact]
    public void SumColumns_EqualsTorch()
    {
        using DisposeScope scope = NewDisposeScope();
        using var workers = new Workers(2);
        foreach ((int count, int width) in new[] { (1, 1), (50, 127), (3, 128), (70, 300) })
        {
            Tensor rows = randn(count, width), sum = empty(width);
            RowNorms.SumColumns(rows.Floats(), count, width, sum.Floats(), workers);
            GoldenTensors.AssertClose(rows.sum(dim: 0), sum, 1e-5, "sum");
        }
    }

    /// <summary>K different units a token; about a third of the coefficients are zero.</summary>
    private static (Tensor Indices, Tensor Coefficients) Codes(int tokens, int units, int k) =>
        (rand(tokens, units).topk(k, 1).indexes, (randn(tokens, k) + 0.5).relu());

    private static CodesView View(Tensor indices, Tensor a) =>
        new((long*)Mxd.Formats.TensorMemory.Start(indices), a.Floats(), (int)a.shape[0], (int)a.shape[1]);
}
