using CsCheck;
using Mxd.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Layers;

public class ExpertSpectraTests
{
    private static readonly Gen<(int H, int O, int Seed)> sizes = Gen.Select(Gen.Int[1, 24], Gen.Int[1, 24], Gen.Int[0, 1 << 20]);

    public static TheoryData<int, int> Shapes => new() { { 5, 17 }, { 17, 5 }, { 9, 9 }, { 1, 6 }, { 6, 1 }, { 1, 1 } };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Spectra_EqualThoseOfTheWrittenOutExperts(int hidden, int outputs) => Assert.All(Enumerable.Range(0, 10), seed =>
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor c = Normal(4, outputs, seed), d = Normal(hidden, outputs, seed + 100);
        using ExpertSpectra spectra = ExpertSpectra.Of(c, d);
        foreach (ExpertSpectrum spectrum in spectra.Spectra([2, 0, 3, 1]))
            AssertIs(EquivalentForms.MaterialiseExpert(c, d, spectrum.Expert), spectrum);
        Assert.Equal([2L, 0, 3, 1], spectra.Spectra([2, 0, 3, 1]).Select(s => s.Expert));
    });

    [Fact]
    public void Spectra_OfAnySizes_EqualThoseOfTheWrittenOutExperts() => sizes.Sample(
        size =>
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor c = Normal(2, size.O, size.Seed), d = Normal(size.H, size.O, size.Seed + 1);
            using ExpertSpectra spectra = ExpertSpectra.Of(c, d);
            foreach (ExpertSpectrum spectrum in spectra.Spectra([0, 1]))
                AssertIs(EquivalentForms.MaterialiseExpert(c, d, spectrum.Expert), spectrum);
        },
        iter: 60, seed: "0000KOIPe001", threads: 1);

    [Fact]
    public void Spectra_OfMoreExpertsThanABatch_ComeInOrder()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor c = Normal(2500, 2, seed: 1), d = Normal(3, 2, seed: 2);
        using ExpertSpectra spectra = ExpertSpectra.Of(c, d);
        ExpertSpectrum[] all = [.. spectra.Spectra(Sequence(2500))];
        Assert.Equal(Sequence(2500), all.Select(s => s.Expert));
        foreach (int n in new[] { 0, 1023, 1024, 2499 }) AssertIs(EquivalentForms.MaterialiseExpert(c, d, n), all[n]);
    }

    [Theory]
    [InlineData(20, 8)]
    [InlineData(8, 8)]
    public void AZeroInAnExpertsScales_CostsOneOfItsRank(int hidden, int outputs)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor c = Normal(outputs + 1, outputs, seed: 3), d = Normal(hidden, outputs, seed: 4);
        for (int n = 0; n <= outputs; n++) c[n].narrow(0, 0, n).zero_();
        using ExpertSpectra spectra = ExpertSpectra.Of(c, d);
        int[] expected = [.. Enumerable.Range(0, outputs + 1).Select(zeros => outputs - zeros)];
        Assert.Equal(expected, spectra.Spectra(Sequence(outputs + 1)).Select(s => s.Rank));
        Assert.Equal(expected, spectra.Ranks(Sequence(outputs + 1)));
        Assert.Equal(0.5, spectra.Spectra([outputs / 2]).Single().NormalisedRank);
    }

    [Fact]
    public void AWideDecoder_KeepsItsRank_UntilFewerColumnsThanRowsAreLeft()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor c = Normal(8, 8, seed: 5), d = Normal(3, 8, seed: 6);
        for (int n = 0; n < 8; n++) c[n].narrow(0, 0, n).zero_();
        using ExpertSpectra spectra = ExpertSpectra.Of(c, d);
        Assert.Equal([3, 3, 3, 3, 3, 3, 2, 1], spectra.Spectra(Sequence(8)).Select(s => s.Rank));
        Assert.Equal([3, 3, 3, 3, 3, 3, 2, 1], spectra.Ranks(Sequence(8)));
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void ADecoderOfLowRank_LimitsEveryExpert(ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        for (int rank = 1; rank <= 6; rank++)
        {
            Tensor d = matmul(Normal(20, rank, seed: rank), Normal(rank, 9, seed: rank + 50)).to(dtype);
            using ExpertSpectra spectra = ExpertSpectra.Of(Normal(5, 9, seed: 7).to(dtype), d);
            Assert.All(spectra.Spectra(Sequence(5)), s => Assert.Equal((rank, rank / 9.0), (s.Rank, s.NormalisedRank)));
            Assert.All(spectra.Ranks(Sequence(5)), r => Assert.Equal(rank, r));
        }
    }

    [Fact]
    public void AnExpertOfZeros_AndADecoderOfZeros_HaveRankZero()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor c = Normal(2, 4, seed: 8), d = Normal(7, 4, seed: 9);
        c[1].zero_();
        using ExpertSpectra spectra = ExpertSpectra.Of(c, d), none = ExpertSpectra.Of(c, zeros_like(d));
        foreach (ExpertSpectrum zero in new[] { spectra.Spectra([1]).Single(), none.Spectra([0]).Single() })
        {
            Assert.Equal((0, 0.0, 0.0), (zero.Rank, zero.NormalisedRank, zero.EffectiveRank));
            Assert.All(zero.SingularValues, sigma => Assert.Equal(0, sigma));
        }
        Assert.Equal([4, 0], spectra.Ranks([0, 1]));
        Assert.Equal([0, 0], none.Ranks([0, 1]));
    }

    /// <summary>Scales over 12 orders of magnitude, some zero, on decoders of full and of low rank.</summary>
    [Fact]
    public void Ranks_EqualThoseOfTheSpectra_HoweverUnevenTheScales() => sizes.Sample(
        size =>
        {
            using DisposeScope scope = NewDisposeScope();
            ScalarType dtype = size.Seed % 2 == 0 ? ScalarType.Float32 : ScalarType.Float64;
            Tensor c = Normal(12, size.O, size.Seed) * pow(10, Normal(12, size.O, size.Seed + 1) * 3);
            c.masked_fill_(Normal(12, size.O, size.Seed + 2) > 1.5, 0);
            Tensor d = size.Seed % 3 == 0 ? matmul(Normal(size.H, 2, size.Seed), Normal(2, size.O, size.Seed)) : Normal(size.H, size.O, size.Seed);
            using ExpertSpectra spectra = ExpertSpectra.Of(c.to(dtype), d.to(dtype));
            Assert.Equal(spectra.Spectra(Sequence(12)).Select(s => s.Rank), spectra.Ranks(Sequence(12)));
        },
        iter: 100, seed: "0000KOIPe001", threads: 1);

    [Fact]
    public void Bounds_SettleOrdinaryExpertsInFloat64_AndLeaveDoubtfulOnesOpen()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor d = Normal(40, 12, seed: 10);
        var bounds = RankBounds.Of(d, 40 * finfo(ScalarType.Float64).eps);
        for (int seed = 0; seed < 20; seed++) Assert.Equal(12, bounds.Rank([.. Normal(1, 12, seed)[0].data<double>()]));
        double[] doubtful = [.. Enumerable.Repeat(1.0, 11), 40 * finfo(ScalarType.Float64).eps];
        Assert.Null(bounds.Rank(doubtful));
        doubtful[11] = 1e-20;
        Assert.Equal(11, bounds.Rank(doubtful));
    }

    [Fact]
    public void EffectiveRank_CountsEqualDirections_AndFallsWithUnequalOnes()
    {
        Assert.Equal(5, ExpertSpectrum.From(0, [3, 3, 3, 3, 3], 1e-9).EffectiveRank, 1e-12);
        Assert.Equal(1, ExpertSpectrum.From(0, [3, 0, 0], 1e-9).EffectiveRank, 1e-12);
        // p = (3/4, 1/4): exp(-(3/4) ln (3/4) - (1/4) ln (1/4)) = 4 / 3^(3/4).
        ExpertSpectrum uneven = ExpertSpectrum.From(7, [3, 1], 1e-9);
        Assert.Equal(4 / Math.Pow(3, 0.75), uneven.EffectiveRank, 1e-12);
        Assert.Equal((7L, 2, 1.0), (uneven.Expert, uneven.Rank, uneven.NormalisedRank));
        Assert.Equal(1, ExpertSpectrum.From(0, [3, 1], 0.4).Rank);
    }

    [Fact]
    public void Spectra_LeaveNothingAlive_OnceDisposed()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor c = Normal(3, 4, seed: 11), d = Normal(7, 4, seed: 12);
        Assert.Equal(0, LiveTensors.LeftBy(() =>
        {
            using ExpertSpectra spectra = ExpertSpectra.Of(c, d);
            return (spectra.Spectra([0, 1, 2]).Count(), spectra.Ranks([0, 1, 2]).Sum());
        }));
    }

    [Fact]
    public void Spectra_RefuseWhatIsNotThere()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor c = Normal(3, 4, seed: 13), d = Normal(7, 4, seed: 14);
        Assert.Throws<ArgumentException>(() => ExpertSpectra.Of(c, d.t()));
        using ExpertSpectra spectra = ExpertSpectra.Of(c, d);
        Assert.Equal(3, spectra.Experts);
        foreach (long expert in new[] { -1L, 3 })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => spectra.Spectra([expert]).ToList());
            Assert.Throws<ArgumentOutOfRangeException>(() => spectra.Ranks([expert]).ToList());
        }
    }

    private static void AssertIs(Tensor expert, ExpertSpectrum spectrum)
    {
        Tensor values = linalg.svdvals(expert);
        double largest = values[0].ToDouble();
        GoldenTensors.AssertClose(values, tensor(spectrum.SingularValues.ToArray()), 1e-12 * largest, $"expert {spectrum.Expert}");
        Assert.Equal(linalg.matrix_rank(expert).ToInt64(), spectrum.Rank);
    }

    private static long[] Sequence(int count) => [.. Enumerable.Range(0, count).Select(n => (long)n)];

    private static Tensor Normal(long rows, long columns, int seed)
    {
        using var generator = new Generator((ulong)seed);
        return randn(rows, columns, dtype: ScalarType.Float64, generator: generator);
    }
}
