namespace Mxd.Evaluation.Probing;

/// <summary>One value for each text and unit, made of the unit's activations on the text's tokens. Zeros, which are most, are not kept.</summary>
/// <param name="units">Number of units.</param>
/// <param name="texts">Number of texts.</param>
public sealed class PooledActivations(int units, int texts)
{
    private readonly (int[] Units, float[] Values)[] nonzero = [.. Enumerable.Repeat<(int[], float[])>(([], []), texts)];

    public int Units => units;

    public int Texts => texts;

    /// <summary>Sets a text's values other than zero.</summary>
    /// <param name="text">Its number.</param>
    /// <param name="active">The units that have them, each once.</param>
    /// <param name="values">Their values.</param>
    public void Set(int text, int[] active, float[] values) => nonzero[text] = (active, values);

    /// <summary>Are all values numbers?</summary>
    public bool IsFinite => Array.TrueForAll(nonzero, text => Array.TrueForAll(text.Values, float.IsFinite));

    /// <summary>Values of some units on all texts: [unit][text], in float64.</summary>
    /// <param name="chosen">The units, each once.</param>
    public double[][] Columns(IReadOnlyList<int> chosen)
    {
        var places = new int[units];
        Array.Fill(places, -1);
        for (int i = 0; i < chosen.Count; i++) places[chosen[i]] = i;
        double[][] columns = [.. chosen.Select(_ => new double[texts])];
        for (int text = 0; text < texts; text++)
        {
            (int[] active, float[] values) = nonzero[text];
            for (int i = 0; i < active.Length; i++)
                if (places[active[i]] >= 0) columns[places[active[i]]][text] = values[i];
        }
        return columns;
    }

    /// <summary>For each unit, its mean over the members of a class less its mean over the others, [units]; over the first texts alone.</summary>
    /// <param name="members">Whether each of the first texts is of the class.</param>
    public double[] Differences(ReadOnlySpan<bool> members)
    {
        double[] means = new double[units], others = new double[units];
        for (int text = 0; text < members.Length; text++)
        {
            (int[] active, float[] values) = nonzero[text];
            double[] sums = members[text] ? means : others;
            for (int i = 0; i < active.Length; i++) sums[active[i]] += values[i];
        }
        double count = members.Count(true), rest = members.Length - count;
        for (int unit = 0; unit < units; unit++) means[unit] = means[unit] / count - others[unit] / rest;
        return means;
    }
}
