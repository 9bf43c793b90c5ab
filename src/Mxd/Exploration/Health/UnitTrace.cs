using System.Runtime.InteropServices;
using Mxd.Activations;
using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Exploration.Health;

/// <summary>Which units are active (coefficient above zero) on each token of a text, and how much: all of it, 8 bytes an active unit and token.</summary>
public sealed class UnitTrace
{
    /// <summary>Tokens in a forward pass; at least one context.</summary>
    private const int BatchTokens = 1024;

    private readonly List<int> units = [];
    private readonly List<float> values = [];
    private readonly List<int> ends = [];
    private readonly long[] counts;
    private readonly double[] sums;
    private readonly float[] maxima;
    private readonly long contexts;

    private UnitTrace(int units, long contexts)
    {
        (counts, sums, maxima, this.contexts) = (new long[units], new double[units], new float[units], contexts);
    }

    public int Units => counts.Length;

    public int Tokens => ends.Count;

    public UnitUsage Usage => new(contexts, Tokens, counts, sums, maxima);

    /// <summary>Reads the first contexts of a text; the language model runs as far as the layer's input.</summary>
    /// <param name="model">The language model.</param>
    /// <param name="replacement">A layer with units.</param>
    /// <param name="text">The text.</param>
    /// <param name="most">Contexts at most.</param>
    /// <param name="skipsFirst">Leave out each context's first token, which all have in common?</param>
    /// <param name="progress">Told the number of contexts done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static UnitTrace Measure(
        LanguageModel model, Replacement replacement, PackedContexts text, long most, bool skipsFirst = false, IProgress<long>? progress = null, CancellationToken cancellation = default)
    {
        using IDisposable noGrad = no_grad();
        long count = Math.Min(most, text.Count);
        var trace = new UnitTrace((int)replacement.Layer.Options.Units, count);
        var harvester = new Harvester(model, replacement.Input);
        int batch = Math.Max(1, BatchTokens / text.ContextLength);
        Device device = replacement.Layer.Device();
        long atOnce = ValidationSet.RowsAtOnce(replacement.Layer.Options, device);
        for (long done = 0; done < count; done += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            long start = done;
            using ActivationRows rows = harvester.Harvest(text.ToTensor(Enumerable.Range(0, (int)Math.Min(batch, count - done)).Select(i => start + i)));
            Tensor x = rows[replacement.Input];
            for (long row = 0; row < x.shape[0]; row += atOnce)
            {
                using DisposeScope slice = NewDisposeScope();
                Tensor some = x.narrow(0, row, Math.Min(atOnce, x.shape[0] - row)).to(device).to(ScalarType.Float32);
                trace.Add(CodeEntries.Of(replacement.Layer.Encode(some)), (int)row, (int)some.shape[0], skipsFirst ? text.ContextLength : null);
            }
            progress?.Report(Math.Min(done + batch, count));
        }
        return trace;
    }

    /// <summary>The units that are active on most tokens, the most active first; of equal ones the lower number. Those never active are left out.</summary>
    public IReadOnlyList<int> MostActive(int count) =>
        [.. Enumerable.Range(0, Units).Where(unit => counts[unit] > 0).OrderByDescending(unit => counts[unit]).Take(count)];

    /// <summary>A unit's largest coefficient; null where it is never active.</summary>
    public double? Largest(int unit) => counts[unit] == 0 ? null : maxima[unit];

    /// <summary>The smallest of a unit's coefficients that at most 1 % of them exceed; null where it is never active.</summary>
    public double? Percentile99(int unit)
    {
        float[] own = [.. values.Where((_, i) => units[i] == unit).Order()];
        return own.Length == 0 ? null : own[(int)Math.Ceiling(0.99 * own.Length) - 1];
    }

    /// <summary>The units that are active on a token.</summary>
    internal ReadOnlySpan<int> On(int token) =>
        CollectionsMarshal.AsSpan(units)[(token == 0 ? 0 : ends[token - 1])..ends[token]];

    /// <summary>The next tokens' entries, by row.</summary>
    /// <param name="entries">Their units.</param>
    /// <param name="first">The first token's place among those of whole contexts.</param>
    /// <param name="rows">Number of tokens.</param>
    /// <param name="length">Tokens a context, where the first of each is left out.</param>
    private void Add(List<CodeEntry> entries, int first, int rows, int? length)
    {
        int entry = 0;
        for (int row = 0; row < rows; row++)
        {
            for (; entry < entries.Count && entries[entry].Row == row; entry++)
            {
                CodeEntry one = entries[entry];
                if (one.Value <= 0 || IsLeftOut(row)) continue;
                units.Add(one.Unit);
                values.Add(one.Value);
                counts[one.Unit]++;
                sums[one.Unit] += one.Value;
                maxima[one.Unit] = Math.Max(maxima[one.Unit], one.Value);
            }
            if (!IsLeftOut(row)) ends.Add(units.Count);
        }

        bool IsLeftOut(int row) => length is { } l && (first + row) % l == 0;
    }
}
