using Mxd.Activations;
using Mxd.Evaluation;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Exploration.Steered;

/// <summary>How strongly units are active on a text: all their coefficients above zero.</summary>
internal sealed class UnitStrengths
{
    /// <summary>Contexts in a forward pass.</summary>
    private const int Batch = 8;

    private readonly List<float>[] coefficients;

    private UnitStrengths(List<float>[] coefficients) => this.coefficients = coefficients;

    /// <summary>Reads the first contexts of a text; what is kept is a number for each active unit and token.</summary>
    public static UnitStrengths Measure(LanguageModel model, Replacement replacement, PackedContexts text, long contexts, IProgress<long>? progress, CancellationToken cancellation)
    {
        using IDisposable noGrad = no_grad();
        List<float>[] all = [.. Enumerable.Range(0, (int)replacement.Layer.Options.Units).Select(_ => new List<float>())];
        var harvester = new Harvester(model, replacement.Input);
        long count = Math.Min(contexts, text.Count);
        for (long done = 0; done < count; done += Batch)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            long start = done;
            using ActivationRows rows = harvester.Harvest(text.ToTensor(Enumerable.Range(0, (int)Math.Min(Batch, count - done)).Select(i => start + i)));
            Tensor x = rows[replacement.Input].to(replacement.Layer.Device()).to(ScalarType.Float32);
            long atOnce = ValidationSet.RowsAtOnce(replacement.Layer.Options, replacement.Layer.Device());
            for (long row = 0; row < x.shape[0]; row += atOnce)
            {
                using DisposeScope slice = NewDisposeScope();
                foreach (CodeEntry entry in CodeEntries.Of(replacement.Layer.Encode(x.narrow(0, row, Math.Min(atOnce, x.shape[0] - row)))))
                    if (entry.Value > 0) all[entry.Unit].Add(entry.Value);
            }
            progress?.Report(Math.Min(done + Batch, count));
        }
        foreach (List<float> of in all) of.Sort();
        return new UnitStrengths(all);
    }

    /// <summary>The units that are active on most tokens, the most active first; of equal ones the lower number. Those never active are left out.</summary>
    public IReadOnlyList<int> MostActive(int count) =>
        [.. Enumerable.Range(0, coefficients.Length).Where(unit => coefficients[unit].Count > 0).OrderByDescending(unit => coefficients[unit].Count).Take(count)];

    /// <summary>The largest coefficient of a unit; null where it is never active.</summary>
    public double? Largest(int unit) => coefficients[unit].Count == 0 ? null : coefficients[unit][^1];

    /// <summary>The smallest of its coefficients that at most 1 % of them exceed; null where it is never active.</summary>
    public double? Percentile99(int unit) => coefficients[unit] is { Count: > 0 } sorted ? sorted[(int)Math.Ceiling(0.99 * sorted.Count) - 1] : null;
}
