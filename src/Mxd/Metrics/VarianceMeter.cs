using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Metrics;

/// <summary>
/// Mean and sum of squared deviations from it, of rows that come in batches. Batches are merged by their means, so that a large mean does
/// not swallow a small variance.
/// </summary>
public sealed class VarianceMeter : IDisposable
{
    private Tensor? mean;
    private long count;

    /// <summary>Σ‖t - t̄‖² over all rows so far.</summary>
    public double SumOfSquares { get; private set; }

    /// <summary>The mean row [width] in float64.</summary>
    public Tensor Mean => mean ?? throw new InvalidOperationException("No rows were added.");

    /// <summary>Adds rows [B,width].</summary>
    public void Add(Tensor rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor wide = rows.to(ScalarType.Float64);
        long added = wide.shape[0];
        Tensor batchMean = wide.mean([0]);
        Tensor centred = wide - batchMean;
        SumOfSquares += (centred * centred).sum().ToDouble();
        Tensor shift = mean is null ? zeros_like(batchMean) : batchMean - mean;
        double total = count + added;
        SumOfSquares += (shift * shift).sum().ToDouble() * count * added / total;
        Tensor merged = mean is null ? batchMean : mean.add(shift, Number(added / total));
        mean?.Dispose();
        mean = merged.DetachFromDisposeScope();
        count += added;
    }

    public void Dispose() => mean?.Dispose();
}
