using CsCheck;
using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

public class EquivalentFormsTests
{
    /// <summary>B, N, H and O from 1 up, and a seed for the values.</summary>
    private static readonly Gen<(int B, int N, int H, int O, int Seed)> sizes =
        Gen.Select(Gen.Int[1, 6], Gen.Int[1, 9], Gen.Int[1, 9], Gen.Int[1, 9], Gen.Int[0, 1 << 20]);

    private delegate Tensor Form(Tensor a, Tensor z, Tensor scales, Tensor decoder);

    private static readonly Form[] otherForms = [EquivalentForms.SumOfExperts, EquivalentForms.Unfolded, EquivalentForms.ModeProducts];

    [Fact]
    public void Forms_AreEqual_ForCoefficientsOfAnySign() => sizes.Sample(
        size =>
        {
            using DisposeScope scope = NewDisposeScope();
            (Tensor a, Tensor z, Tensor c, Tensor d) = Draw(size.B, size.N, size.H, size.O, size.Seed);
            Tensor y = EquivalentForms.Factorised(a, z, c, d);
            Assert.Equal([size.B, size.O], y.shape);
            foreach (Form form in otherForms)
                GoldenTensors.AssertClose(y, form(a, z, c, d), 1e-12 * Math.Max(1, y.abs().max().ToDouble()), form.Method.Name);
        },
        iter: 100, seed: "0000KOIPe001", threads: 1);

    [Fact]
    public void Forms_AreTheDefinition_WrittenInLoops() => sizes.Sample(
        size =>
        {
            using DisposeScope scope = NewDisposeScope();
            (Tensor a, Tensor z, Tensor c, Tensor d) = Draw(size.B, size.N, size.H, size.O, size.Seed);
            double[] av = [.. a.data<double>()], zv = [.. z.data<double>()], cv = [.. c.data<double>()], dv = [.. d.data<double>()];
            double[] y = new double[size.B * size.O];
            for (int b = 0; b < size.B; b++)
                for (int n = 0; n < size.N; n++)
                    for (int h = 0; h < size.H; h++)
                        for (int o = 0; o < size.O; o++)
                            y[b * size.O + o] += av[b * size.N + n] * zv[b * size.H + h] * cv[n * size.O + o] * dv[h * size.O + o];
            Tensor expected = tensor(y, size.B, size.O);
            GoldenTensors.AssertClose(expected, EquivalentForms.Factorised(a, z, c, d), 1e-12 * Math.Max(1, expected.abs().max().ToDouble()), "y");
        },
        iter: 30, seed: "0000KOIPe001", threads: 1);

    [Fact]
    public void WeightTensor_HoldsTheExperts_AndUnfoldsToTheKhatriRaoProduct()
    {
        using DisposeScope scope = NewDisposeScope();
        (_, _, Tensor c, Tensor d) = Draw(1, 4, 5, 3, seed: 1);
        Tensor weights = EquivalentForms.WeightTensor(c, d);
        for (int n = 0; n < 4; n++)
            GoldenTensors.AssertClose(matmul(d, diag(c[n])), EquivalentForms.MaterialiseExpert(c, d, n), 0, $"expert {n}");
        GoldenTensors.AssertClose(weights[2], EquivalentForms.MaterialiseExpert(c, d, 2), 0, "slice");
        GoldenTensors.AssertClose(weights.permute(2, 0, 1).reshape(3, 20), EquivalentForms.KhatriRao(c, d), 0, "unfolding");
        for (int o = 0; o < 3; o++)
            GoldenTensors.AssertClose(
                kron(c.select(1, o), d.select(1, o)), EquivalentForms.KhatriRao(c, d)[o], 0, $"row {o}");
    }

    /// <summary>σ(xV) * (xE) with a = σ(xV), z = x, C = 1, D = E: expert o is E diag(e_o), one column of E and otherwise zeros.</summary>
    [Fact]
    public void AGatedLinearUnit_IsAMixtureOfOExpertsOfRankOne() => sizes.Sample(
        size =>
        {
            using DisposeScope scope = NewDisposeScope();
            (_, Tensor x, Tensor v, Tensor e) = Draw(size.B, size.H, size.H, size.O, size.Seed);
            Tensor identity = eye(size.O, dtype: ScalarType.Float64), a = sigmoid(matmul(x, v));
            Tensor unit = a * matmul(x, e);
            GoldenTensors.AssertClose(unit, EquivalentForms.Factorised(a, x, identity, e), 1e-13, "factorised");
            foreach (Form form in otherForms) GoldenTensors.AssertClose(unit, form(a, x, identity, e), 1e-12, form.Method.Name);
            for (int o = 0; o < size.O; o++)
            {
                Tensor expert = EquivalentForms.MaterialiseExpert(identity, e, o);
                Assert.Equal(1, linalg.matrix_rank(expert).ToInt64());
                GoldenTensors.AssertClose(e.select(1, o), expert.select(1, o), 0, "its column");
            }
        },
        iter: 50, seed: "0000KOIPe001", threads: 1);

    [Fact]
    public void Forms_LeaveTheirResultAlive_AndNothingElse()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor a, Tensor z, Tensor c, Tensor d) = Draw(2, 3, 4, 5, seed: 2);
        foreach (Form form in otherForms.Prepend(EquivalentForms.Factorised)) Assert.Equal(1, LiveTensors.LeftBy(() => form(a, z, c, d)));
        Assert.Equal(1, LiveTensors.LeftBy(() => EquivalentForms.WeightTensor(c, d)));
        Assert.Equal(1, LiveTensors.LeftBy(() => EquivalentForms.KhatriRao(c, d)));
        Assert.Equal(1, LiveTensors.LeftBy(() => EquivalentForms.MaterialiseExpert(c, d, 1)));
    }

    [Fact]
    public void Forms_RefuseShapesThatDoNotFit()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor a, Tensor z, Tensor c, Tensor d) = Draw(2, 3, 4, 5, seed: 3);
        foreach (Form form in otherForms.Prepend(EquivalentForms.Factorised))
        {
            Assert.Equal("C is [3,5] and D is [5,4]; they must be [N,O] and [H,O] with the same O.", Refused(() => form(a, z, c, d.t())));
            Assert.Equal("The coefficients are [2,4]; 3 experts need [B,3].", Refused(() => form(z, z, c, d)));
            Assert.Equal(
                "The hidden values are [1,4]; 2 tokens and a decoder of 4 rows need [2,4].", Refused(() => form(a, z.narrow(0, 0, 1), c, d)));
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => EquivalentForms.MaterialiseExpert(c, d, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => EquivalentForms.MaterialiseExpert(c, d, -1));

        static string Refused(Func<Tensor> work) => Assert.Throws<ArgumentException>(work).Message;
    }

    private static (Tensor A, Tensor Z, Tensor C, Tensor D) Draw(long b, long n, long h, long o, int seed)
    {
        using var generator = new Generator((ulong)seed);
        return (Normal(b, n), Normal(b, h), Normal(n, o), Normal(h, o));

        Tensor Normal(long rows, long columns) => randn(rows, columns, dtype: ScalarType.Float64, generator: generator);
    }
}
