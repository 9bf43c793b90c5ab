using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Exploration.Health;

/// <summary>Two units, and the cosine of the angle between their vectors.</summary>
public sealed record UnitPair(int First, int Second, double Cosine);

/// <summary>How alike the units' vectors are: gates, or what they add to the output.</summary>
/// <param name="MeanCosine">Mean cosine over all pairs: 1 where all point the same way, about 0 where they are spread evenly.</param>
/// <param name="MedianNearest">Median over units of the cosine with the nearest other one.</param>
/// <param name="Compared">Units that were compared with all others: each, or of very many an even sample.</param>
/// <param name="NearlyEqual">Of these, units with another one at a cosine of <see cref="Nearly"/> or more.</param>
/// <param name="Closest">The closest pairs, each once.</param>
public sealed record AlikeUnits(double MeanCosine, double MedianNearest, int Compared, int NearlyEqual, IReadOnlyList<UnitPair> Closest)
{
    /// <summary>From here on two units do the same for most purposes.</summary>
    public const double Nearly = 0.99;

    private const int Shown = 10;

    /// <summary>Bytes of cosines held at once.</summary>
    private const long DefaultTileBytes = 64 << 20;

    /// <summary>Of more units, an even sample of <see cref="Sample"/> is compared with all: at 86,000 units of width 3072 that is 4e12 operations instead of 4.5e13.</summary>
    private const long MostCompared = 32_768, Sample = 8_192;

    /// <summary>Compares all pairs of rows: 2 N² d operations, as many rows of cosines at a time as fit into some memory.</summary>
    /// <param name="vectors">A row a unit, [N,d]; rows of zeros are no direction, and near to none.</param>
    /// <param name="tileBytes">Bytes of cosines held at once.</param>
    /// <param name="cancellation">Stops between tiles.</param>
    public static AlikeUnits Of(Tensor vectors, long tileBytes = DefaultTileBytes, CancellationToken cancellation = default)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        long count = vectors.shape[0], there = 0;
        Tensor rows = vectors.to(ScalarType.Float32), norms = rows.norm(1, keepdim: true), isThere = norms > Zero;
        rows = where(isThere, rows / norms, zeros_like(rows));
        Tensor sum = zeros(vectors.shape[1], ScalarType.Float64, vectors.device);
        for (long start = 0; start < count; start += Sample)
        {
            using DisposeScope one = NewDisposeScope();
            long length = Math.Min(Sample, count - start);
            sum.add_(rows.narrow(0, start, length).to(ScalarType.Float64).sum(dim: 0), One);
            there += isThere.narrow(0, start, length).sum().ToInt64();
        }
        // Σ over pairs = (‖Σ r‖² - Σ ‖r‖²) / 2.
        double mean = there < 2 ? double.NaN : (sum.dot(sum).ToDouble() - there) / ((double)there * (there - 1));
        if (count < 2) return new AlikeUnits(mean, double.NaN, 0, 0, []);

        long[] compared = count <= MostCompared ? [.. Enumerable.Range(0, (int)count).Select(i => (long)i)] : [.. Enumerable.Range(0, (int)Sample).Select(i => i * count / Sample)];
        List<(int Unit, int Other, float Cosine)> nearest = new(compared.Length);
        foreach (long[] tile in compared.Chunk((int)Math.Clamp(tileBytes / (sizeof(float) * count), 1, count)))
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope one = NewDisposeScope();
            Tensor numbers = tensor(tile).to(rows.device), cosines = rows.index_select(0, numbers).mm(rows.t());
            // A unit is not its own neighbour.
            cosines.scatter_(1, numbers.unsqueeze(1), full(tile.Length, 1, Number(-2), dtype: cosines.dtype, device: cosines.device));
            (Tensor values, Tensor others) = cosines.max(1);
            (float[] best, long[] of) = (values.cpu().data<float>().ToArray(), others.cpu().data<long>().ToArray());
            for (int i = 0; i < tile.Length; i++) nearest.Add(((int)tile[i], (int)of[i], best[i]));
        }
        float[] sorted = [.. nearest.Select(n => n.Cosine).Order()];
        UnitPair[] closest =
        [
            .. nearest.Select(n => new UnitPair(Math.Min(n.Unit, n.Other), Math.Max(n.Unit, n.Other), n.Cosine)).DistinctBy(p => (p.First, p.Second))
                .OrderByDescending(p => p.Cosine).ThenBy(p => p.First).Take(Shown),
        ];
        return new AlikeUnits(mean, sorted[sorted.Length / 2], nearest.Count, nearest.Count(n => n.Cosine >= Nearly), closest);
    }
}
