using System.Globalization;
using Mxd.Runtime;
using TorchSharp;
using static Mxd.Runtime.Scalars;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>
/// What is added to units' coefficients on every token, after the layer has chosen its own: decode(steer(encode(x))), for every type of
/// layer. One more unit than K may then be active, and one that is active already has both.
/// </summary>
/// <param name="Coefficients">By unit.</param>
public sealed record Steering(IReadOnlyDictionary<long, double> Coefficients)
{
    private const int MostOneByOne = 8;

    /// <summary>Reads <c>UNIT=COEFFICIENT</c>; those of one unit are summed.</summary>
    /// <exception cref="MxdInputException">A text is not of that form; a line for each.</exception>
    public static Steering Parse(IEnumerable<string> texts)
    {
        var coefficients = new Dictionary<long, double>();
        var problems = new ProblemList();
        foreach (string text in texts)
        {
            string[] parts = text.Split('=');
            bool isRead = long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long unit);
            double coefficient = 0;
            isRead &= parts.Length == 2
                && double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out coefficient)
                && float.IsFinite((float)coefficient);
            if (isRead) coefficients[unit] = coefficients.GetValueOrDefault(unit) + coefficient;
            else problems.Add($"--steer is '{text}'; it must be UNIT=COEFFICIENT, for example 7=100.");
        }
        foreach ((long unit, double sum) in coefficients)
            if (!float.IsFinite((float)sum)) problems.Add($"--steer adds {sum} to unit {unit} in all, more than a float32 holds: give less.");
        problems.ThrowIfAny();
        return new Steering(coefficients);
    }

    /// <exception cref="MxdInputException">The layer has no such unit.</exception>
    public void Check(LayerOptions layer)
    {
        foreach (long unit in Coefficients.Keys)
            if (unit >= layer.Units)
                throw new MxdInputException(layer.Units == 0
                    ? $"--steer names unit {unit}, but a layer of type {layer.Type} has no units: leave it out."
                    : $"--steer names unit {unit}, but the layer has {layer.Units}: choose one from 0 to {layer.Units - 1}.");
    }

    /// <summary>The layer's output [B,O] on x [B,I] with its units steered.</summary>
    public Tensor Forward(ILayer layer, Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        SparseCodes codes = layer.Encode(x);
        if (Coefficients.Count <= MostOneByOne) foreach ((long unit, double coefficient) in Coefficients) codes = codes.Add(unit, coefficient);
        else codes = AddAll(codes);
        return layer.Decode(codes, x).MoveToOuterDisposeScope();
    }

    /// <summary>One after another, n units make n copies of the codes; written out, all are added at once.</summary>
    private DenseCodes AddAll(SparseCodes codes)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor dense = codes.ToDense();
        var added = new float[codes.Units];
        foreach ((long unit, double coefficient) in Coefficients) added[unit] = (float)coefficient;
        return new DenseCodes(dense.add(tensor(added, dtype: dense.dtype, device: dense.device), One).MoveToOuterDisposeScope());
    }
}
