using System.Globalization;
using Mxd.Runtime;

namespace Mxd.Exploration;

/// <summary>A layer in place, as units are named by it.</summary>
/// <param name="Layer">Its number in the language model; no other in place has it.</param>
/// <param name="Units">How many it has.</param>
internal readonly record struct LayerUnits(int Layer, long Units);

/// <summary>A unit of one of several layers in place.</summary>
/// <param name="Place">The layer's number among them.</param>
/// <param name="Unit">The unit's.</param>
internal readonly record struct UnitOfLayer(int Place, int Unit);

/// <summary>
/// Units as people name them: <c>3</c>, <c>20-29</c>, <c>all</c>; with the language model's layer before them where several are in place, as in <c>15:3</c>. A layer that is named holds for
/// what follows, too, until another is.
/// </summary>
internal static class UnitRanges
{
    /// <summary>A layer that units are not named by.</summary>
    private const int Unnamed = -1;

    /// <summary>The units named of one layer, in the order they are named, each once.</summary>
    /// <exception cref="MxdInputException">A name is none, or of a unit that is not there; a line for each.</exception>
    public static IReadOnlyList<int> Parse(IReadOnlyList<string> names, long units) =>
        [.. Parse(names, [new LayerUnits(Unnamed, units)]).Select(unit => unit.Unit)];

    /// <summary>The units named, in the order they are named, each once.</summary>
    /// <param name="names">What a person wrote.</param>
    /// <param name="layers">The layers in place.</param>
    /// <exception cref="MxdInputException">A name is none, of a unit or layer that is not there, or does not say of which layer; a line for each.</exception>
    public static IReadOnlyList<UnitOfLayer> Parse(IReadOnlyList<string> names, IReadOnlyList<LayerUnits> layers)
    {
        var problems = new ProblemList();
        List<UnitOfLayer> chosen = [];
        HashSet<UnitOfLayer> seen = [];
        int? place = layers.Count == 1 ? 0 : null;
        bool isLost = false;
        foreach (string name in names)
            problems.Collect(() =>
            {
                string units = name;
                if (layers[0].Layer != Unnamed && name.Split(':', 2) is [var layer, var rest])
                {
                    units = rest;
                    isLost = true;
                    place = PlaceOf(layer, name, layers);
                    isLost = false;
                }
                if (isLost) return;
                if (place is not { } at) throw new MxdInputException($"--units names '{name}', but layers {Of(layers)} are in place: say of which it is, as in {layers[0].Layer}:{name}.");
                (int first, int last) = Range(units, name, layers[at], layers.Count > 1);
                for (int unit = first; unit <= last; unit++)
                    if (seen.Add(new UnitOfLayer(at, unit))) chosen.Add(new UnitOfLayer(at, unit));
            });
        problems.ThrowIfAny();
        return chosen;
    }

    private static int PlaceOf(string text, string name, IReadOnlyList<LayerUnits> layers)
    {
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int layer))
            throw new MxdInputException($"--units names '{name}'; before the colon stands the number of a layer, as in {layers[0].Layer}:3,20-29.");
        for (int i = 0; i < layers.Count; i++)
            if (layers[i].Layer == layer) return i;
        throw new MxdInputException($"--units names '{name}', but layer {layer} is not in place, only {Of(layers)}: choose units of {(layers.Count > 1 ? "one of these" : "that")}, or name a run of layer {layer} by --run.");
    }

    private static string Of(IReadOnlyList<LayerUnits> layers) => string.Join(", ", layers.Select(layer => layer.Layer).Order());

    private static (int First, int Last) Range(string units, string name, LayerUnits layer, bool isSeveral)
    {
        if (units == "all") return (0, (int)layer.Units - 1);
        string[] ends = units.Split('-');
        bool isRead = int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first);
        int last = first;
        if (ends.Length == 2) isRead &= int.TryParse(ends[1], NumberStyles.None, CultureInfo.InvariantCulture, out last);
        if (!isRead || ends.Length > 2 || last < first) throw new MxdInputException($"--units names '{name}'; give numbers and ranges such as {(isSeveral ? $"{layer.Layer}:" : "")}3,7,20-29, or {(isSeveral ? $"{layer.Layer}:" : "")}all.");
        return last < layer.Units ? (first, last) : throw new MxdInputException($"--units names unit {last}, but {(isSeveral ? $"layer {layer.Layer}" : "the layer")} has {layer.Units}: choose from 0 to {layer.Units - 1}.");
    }
}
