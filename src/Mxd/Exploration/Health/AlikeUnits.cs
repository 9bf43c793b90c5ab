using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Exploration.Health;

/// <summary>Two units, and the cosine of the angle between their vectors.</summary>
public sealed record UnitPair(int First, int Second, double Cosine);

/// <summary>How alike the units' vectors are: gates, or what they add to the output.</summary>
/// <param name="MeanCosine">Mean cosine over all pairs: 1 where all point the same way, about 0 where they are spread evenly.</param>
/// <param name="MedianNearest">Median over units of the cosine with the nearest other one.</param>
/// <param name="NearlyEqual">Units with another one at a cosine of <see cref="Nearly"/> or more.</param>
/// <param name="Closest">The closest pairs, each once.</param>
public sealed record AlikeUnits(double MeanCosine, double MedianNearest, int NearlyEqual, IReadOnlyList<UnitPair> Closest)
{
    /// <summary>From here on two units do the same for most purposes.</summary>
    public const double Nearly = 0.99;

    private const int Shown = 10;

    /// <summary>Bytes of cosines held at once.</summary>
    private const long TileBytes = 64 << 20;

    /// <summary>Compares all pairs of rows: 2 N² d operations, N rows of cosines at a time as fit into some memory.</summary>
    /// <param name="vectors">A row a unit, [N,d]; rows of zeros are no direction, and near to none.</param>
    /// <param name="cancellation">Stops between tiles.</param>
    public static AlikeUnits Of(Tensor vectors, CancellationToken cancellation = default)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        long count = vectors.shape[0];
        Tensor wide = vectors.to(ScalarType.Float64), norms = wide.norm(1, keepdim: true);
        Tensor isThere = norms > Zero;
        Tensor directions = where(isThere, wide / norms, zeros_like(wide));
        long there = isThere.sum().ToInt64();
        Tensor sum = directions.sum(dim: 0);
        double mean = there < 2 ? double.NaN : (sum.dot(sum).ToDouble() - there) / ((double)there * (there - 1));
        if (count < 2) return new AlikeUnits(mean, double.NaN, 0, []);

        Tensor rows = directions.to(ScalarType.Float32);
        var nearest = new List<(float Cosine, int Other)>((int)count);
        long tile = Math.Clamp(TileBytes / (sizeof(float) * count), 1, count);
        for (long start = 0; start < count; start += tile)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope one = NewDisposeScope();
            long length = Math.Min(tile, count - start);
            Tensor cosines = rows.narrow(0, start, length).mm(rows.t());
            // A unit is not its own neighbour.
            cosines.narrow(1, start, length).diagonal().fill_(Number(-2));
            (Tensor values, Tensor others) = cosines.max(1);
            nearest.AddRange(values.cpu().data<float>().ToArray().Zip(others.cpu().data<long>().ToArray(), (c, o) => (c, (int)o)));
        }
        float[] sorted = [.. nearest.Select(n => n.Cosine).Order()];
        UnitPair[] closest =
        [
            .. nearest.Select((n, unit) => new UnitPair(Math.Min(unit, n.Other), Math.Max(unit, n.Other), n.Cosine)).DistinctBy(p => (p.First, p.Second))
                .OrderByDescending(p => p.Cosine).ThenBy(p => p.First).Take(Shown),
        ];
        return new AlikeUnits(mean, sorted[sorted.Length / 2], nearest.Count(n => n.Cosine >= Nearly), closest);
    }
}
