using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Training;

/// <summary>Activations of held-out contexts, harvested once, on which layers are measured again and again.</summary>
public sealed class ValidationSet : IDisposable
{
    /// <summary>What tokens that are measured at once may take: where the activations of all units are written out, 350 tokens of 20,000 units.</summary>
    public const long SliceBytes = 64 << 20;

    private const long MostRows = 4096;

    private readonly ActivationRows rows;

    internal ValidationSet(ActivationRows rows) => this.rows = rows;

    /// <summary>Harvests the first <paramref name="count"/> contexts, <paramref name="batch"/> at a time.</summary>
    public static ValidationSet Harvest(Harvester harvester, PackedContexts text, long count, int batch, IRunObserver observer, CancellationToken cancellation)
    {
        using DisposeScope scope = NewDisposeScope();
        var whole = new ActivationRows(
            harvester.Points, [.. harvester.Points.Select(_ => empty(count * text.ContextLength, harvester.Width, dtype: harvester.Dtype))]);
        for (long done = 0; done < count; done += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope one = NewDisposeScope();
            int size = (int)Math.Min(batch, count - done);
            using ActivationRows harvested = harvester.Harvest(text.ToTensor(Enumerable.Range(0, size).Select(i => done + i)));
            foreach (HookPoint point in harvester.Points)
                whole[point].narrow(0, done * text.ContextLength, harvested.Count).copy_(harvested[point]);
            observer.Advance((done + size) * text.ContextLength);
        }
        return new ValidationSet(whole.Select(values => values.DetachFromDisposeScope()));
    }

    /// <summary>Rows that a layer can be measured on at once within <see cref="SliceBytes"/>; the meter has six float64 values an output.</summary>
    public static long RowsAtOnce(LayerOptions layer, Device device)
    {
        DenseAndSparse one = LayerCost.Of(layer, 1).InferenceBytes, none = LayerCost.Of(layer, 0).InferenceBytes;
        long encoded = StepMemory.HoldsAllUnits(layer, device) ? one.Dense - none.Dense : one.Sparse - none.Sparse;
        return Math.Clamp(SliceBytes / (encoded + sizeof(float) * layer.InputWidth + 6 * sizeof(double) * layer.OutputWidth), 1, MostRows);
    }

    /// <summary>Measures a layer between two of the points on all rows, <see cref="RowsAtOnce"/> at a time.</summary>
    public Reconstruction Measure(ILayer layer, HookPoint input, HookPoint output)
    {
        Device device = layer.Device();
        long rowsAtOnce = RowsAtOnce(layer.Options, device);
        using IDisposable noGrad = no_grad();
        using var meter = new ReconstructionMeter(layer.Options.Units, device);
        for (long start = 0; start < rows.Count; start += rowsAtOnce)
        {
            using DisposeScope scope = NewDisposeScope();
            long length = Math.Min(rowsAtOnce, rows.Count - start);
            Tensor x = rows[input].narrow(0, start, length).to(device).to(ScalarType.Float32);
            Tensor t = rows[output].narrow(0, start, length).to(device).to(ScalarType.Float32);
            SparseCodes codes = layer.Encode(x);
            meter.Add(layer.Decode(codes, x), t, codes);
        }
        return meter.Result();
    }

    public void Dispose() => rows.Dispose();
}
