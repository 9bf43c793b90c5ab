using CsCheck;
using Mxd.Layers;

namespace Mxd.Tests.Layers;

public class LayerCostTests
{
    private static readonly string[] types =
    [
        "mxd", "glu-mxd", "skip-mxd", "glu-skip-mxd", "transcoder", "glu-transcoder", "skip-transcoder", "glu-skip-transcoder", "sae", "dense", "linear",
    ];

    /// <summary>I, H, O, N, K ≤ N and a batch.</summary>
    private static readonly Gen<(long I, long H, long O, long N, long K, long B)> sizes =
        Gen.Select(Gen.Long[1, 50], Gen.Long[1, 50], Gen.Long[1, 50], Gen.Long[1, 50], Gen.Long[1, 50], Gen.Long[1, 50])
            .Select(s => (s.Item1, s.Item2, s.Item3, s.Item4, Math.Min(s.Item4, s.Item5), s.Item6));

    public static TheoryData<string> Types => [.. types];

    [Fact]
    public void AStepOfThePublishedGpt2Mixture_Is773GflopDense_And233Sparse()
    {
        LayerCost cost = LayerCost.Of(Parameters("mxd", 768, 3072, 768, 21490), selected: 32, batch: 4096);
        Assert.Equal(773, 4096 * cost.TrainingFlops.Dense / 1e9, 0.5);
        Assert.Equal(233, 4096 * cost.TrainingFlops.Sparse / 1e9, 0.5);
        Assert.Equal(4 * 768 * 3072 + 4 * 768 * 21490, cost.ForwardFlops.Dense);
        Assert.Equal(4 * 768 * 3072 + 2 * 768 * 21490 + 2 * 768 * 32, cost.ForwardFlops.Sparse);
    }

    [Fact]
    public void Training_CountsEveryProductOfTheStep() => sizes.Sample(
        s =>
        {
            // Forward, weights' gradient, and input's gradient where the input is not the layer's own.
            long e = 2 * s.I * s.H, d = 2 * s.H * s.O, gate = 2 * s.N * s.I, c = 2 * s.N * s.O;
            long gateRows = 2 * s.K * s.I, cRows = 2 * s.K * s.O, skip = 2 * s.I * s.O;
            AssertTraining("mxd", s, (e + e) + (d + d + d) + (gate + gate) + (c + c + c), (e + e) + (d + d + d) + (gate + gateRows) + 3 * cRows);
            AssertTraining("glu-skip-mxd", s, 4 * e + 3 * d + 2 * skip + 2 * gate + 3 * c, 4 * e + 3 * d + 2 * skip + gate + gateRows + 3 * cRows);
            AssertTraining("transcoder", s, 2 * gate + 3 * c, gate + gateRows + 3 * cRows);
            AssertTraining("glu-transcoder", s, 4 * gate + 3 * c, 2 * gate + 2 * gateRows + 3 * cRows);
            AssertTraining("dense", s, 2 * e + 3 * d, 2 * e + 3 * d);
            AssertTraining("linear", s, 2 * skip, 2 * skip);
        },
        seed: "0000KOIPe001");

    [Theory]
    [MemberData(nameof(Types))]
    public void Sparse_IsDense_WhereAllUnitsAreSelected_AndGrowsWithK(string type) => sizes.Sample(
        s =>
        {
            ParameterCost[] parameters = Parameters(type, s.I, s.H, s.O, s.N);
            LayerCost all = LayerCost.Of(parameters, s.N, s.B), some = LayerCost.Of(parameters, s.K, s.B);
            Assert.Equal((all.ForwardFlops.Dense, all.TrainingFlops.Dense), (all.ForwardFlops.Sparse, all.TrainingFlops.Sparse));
            Assert.Equal(LayerCost.Of(parameters, s.N, s.B), LayerCost.Of(parameters, s.N + 7, s.B));
            Assert.Equal((all.ForwardFlops.Dense, all.TrainingFlops.Dense), (some.ForwardFlops.Dense, some.TrainingFlops.Dense));
            long perUnit = type is "dense" or "linear" ? 0 : 2 * Outputs(type, s.I, s.O);
            Assert.Equal((s.N - s.K) * perUnit, all.ForwardFlops.Sparse - some.ForwardFlops.Sparse);
            Assert.InRange(some.TrainingFlops.Dense, 2 * some.ForwardFlops.Dense, 3 * some.ForwardFlops.Dense);
            Assert.True(some.TrainingFlops.Sparse <= some.TrainingFlops.Dense);
        },
        seed: "0000KOIPe001");

    [Fact]
    public void Of_Options_IsThatOfTheParametersWrittenOut()
    {
        var random = new Random(1);
        foreach (string type in RandomLayers.Names.Except(["glu-skip-mxd", "glu-skip-transcoder"]))
            for (int round = 0; round < 20; round++)
            {
                LayerOptions o = RandomLayers.Options(type, "relu", random);
                ParameterCost[] parameters = Parameters(type, o.InputWidth, o.Hidden ?? 0, o.OutputWidth, o.Units);
                Assert.Equal(LayerTypes.Get(type).ParameterCount(o), LayerCost.Of(o, 1).Parameters);
                Assert.Equal(LayerCost.Of(parameters, o.Sparsity?.Active ?? 0, 7, LayerTypes.Get(type).GatesUnits ? 8 : 5), LayerCost.Of(o, 7));
            }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Memory_IsWeightsFourfoldInTraining_AndTheBatch(string type) => sizes.Sample(
        s =>
        {
            ParameterCost[] parameters = Parameters(type, s.I, s.H, s.O, s.N);
            LayerCost none = LayerCost.Of(parameters, s.K, 0), one = LayerCost.Of(parameters, s.K, 1), many = LayerCost.Of(parameters, s.K, s.B);
            Assert.Equal(new DenseAndSparse(4 * none.Parameters, 4 * none.Parameters), none.InferenceBytes);
            Assert.Equal(new DenseAndSparse(16 * none.Parameters, 16 * none.Parameters), none.TrainingBytes);
            Assert.Equal(s.B * (one.TrainingBytes.Dense - none.TrainingBytes.Dense), many.TrainingBytes.Dense - none.TrainingBytes.Dense);
            Assert.True(one.TrainingBytes.Dense > none.TrainingBytes.Dense);
            Assert.True(many.InferenceBytes.Dense < many.TrainingBytes.Dense && many.InferenceBytes.Sparse < many.TrainingBytes.Sparse);
        },
        seed: "0000KOIPe001");

    /// <summary>At GPT-2's size 21,490 unit values a token, five times in float32, against 32 with their indices.</summary>
    [Fact]
    public void Memory_FollowsK_WhereOnlySelectedUnitsAreKept()
    {
        LayerCost cost = LayerCost.Of(Parameters("mxd", 768, 3072, 768, 21490), selected: 32, batch: 4096);
        Assert.Equal(4096 * (5 * 4 * 21490 - 16 * 32), cost.TrainingBytes.Dense - cost.TrainingBytes.Sparse);
    }

    [Fact]
    public void Of_RefusesWhatCannotBeCounted() =>
        Assert.Throws<OverflowException>(() => LayerCost.Of([new("W", 1L << 32, 1L << 32, ParameterRole.InputProduct)], 1, 1));

    private static void AssertTraining(string type, (long I, long H, long O, long N, long K, long B) s, long dense, long sparse) =>
        Assert.Equal(new DenseAndSparse(dense, sparse), LayerCost.Of(Parameters(type, s.I, s.H, s.O, s.N), s.K, s.B).TrainingFlops);

    private static long Outputs(string type, long inputs, long outputs) => type == "sae" ? inputs : outputs;

    /// <summary>The parameters of every type, rows as in memory: a matrix that multiplies the input is [out,in].</summary>
    private static ParameterCost[] Parameters(string type, long i, long h, long o, long n)
    {
        o = Outputs(type, i, o);
        bool mixture = type.EndsWith("mxd", StringComparison.Ordinal), units = mixture || type.EndsWith("transcoder", StringComparison.Ordinal) || type == "sae";
        ParameterRole encoder = mixture || type == "dense" ? ParameterRole.InputProduct : ParameterRole.UnitEncoder;
        long encoded = mixture || type == "dense" ? h : n;
        List<ParameterCost> parameters = [new("b_dec_out", o, 1, ParameterRole.Vector)];
        if (type == "linear") return [.. parameters, new("W", o, i, ParameterRole.InputProduct)];
        parameters.Add(new("W_enc", encoded, i, encoder));
        parameters.Add(new("b_enc", encoded, 1, ParameterRole.Vector));
        parameters.Add(new("W_dec", encoded, o, units && !mixture ? ParameterRole.UnitDecoder : ParameterRole.HiddenProduct));
        if (mixture)
        {
            parameters.Add(new("gate", n, i, ParameterRole.UnitEncoder));
            parameters.Add(new("gate_bias", n, 1, ParameterRole.Vector));
            parameters.Add(new("W_cond", n, o, ParameterRole.UnitDecoder));
        }
        if (type.StartsWith("glu", StringComparison.Ordinal))
        {
            parameters.Add(new("W_glu.weight", encoded, i, encoder));
            parameters.Add(new("W_glu.bias", encoded, 1, ParameterRole.Vector));
        }
        if (type.Contains("skip", StringComparison.Ordinal)) parameters.Add(new("W_skip", o, i, ParameterRole.InputProduct));
        return [.. parameters];
    }
}
