using Mxd.Layers;

namespace Mxd.Evaluation.Probing;

/// <summary>Makes of a layer's codes on the tokens of texts one value for each unit that is active.</summary>
internal sealed class TextPooler(int units, Pooling pooling)
{
    private readonly double[] values = new double[units];
    private readonly int[] counts = new int[units];
    private readonly List<int> touched = [];

    /// <summary>One text.</summary>
    /// <param name="entries">Its codes, a row a token.</param>
    /// <param name="first">Row of the first token.</param>
    /// <param name="length">Tokens.</param>
    public (int[] Units, float[] Values) Pool(ReadOnlySpan<CodeEntry> entries, int first, int length)
    {
        foreach (CodeEntry entry in entries)
        {
            if (pooling == Pooling.Last && entry.Row < first + length - 1) continue;
            if (counts[entry.Unit]++ == 0) touched.Add(entry.Unit);
            values[entry.Unit] = pooling == Pooling.Max && counts[entry.Unit] > 1 ? Math.Max(values[entry.Unit], entry.Value) : values[entry.Unit] + entry.Value;
        }
        touched.Sort();
        List<int> kept = new(touched.Count);
        List<float> pooled = new(touched.Count);
        foreach (int unit in touched)
        {
            double value = pooling switch
            {
                Pooling.Mean => values[unit] / length,
                Pooling.Max when counts[unit] < length => Math.Max(0, values[unit]),
                _ => values[unit],
            };
            (values[unit], counts[unit]) = (0, 0);
            if (value == 0) continue;
            kept.Add(unit);
            pooled.Add((float)value);
        }
        touched.Clear();
        return ([.. kept], [.. pooled]);
    }
}
