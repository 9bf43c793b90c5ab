using System.Text.Json;
using Mxd.Formats;
using Mxd.Runtime;
using Mxd.Training;

namespace Mxd.Exploration.Naming;

/// <summary>A unit's name and how good it is. There is none without a score.</summary>
/// <param name="Unit">The unit.</param>
/// <param name="Name">A few words.</param>
/// <param name="Explanation">A sentence.</param>
/// <param name="Score">How well the name tells where the unit is active.</param>
/// <param name="Control">How well another unit's name does; absent where that was not asked.</param>
/// <param name="Namer">Who named it.</param>
/// <param name="Scorer">Who found by it where the unit is active.</param>
public sealed record NamedUnit(int Unit, string Name, string Explanation, NameScore Score, NameScore? Control, string Namer, string Scorer);

/// <summary>The names of a layer's units: <c>names.json</c> of a run's folder.</summary>
/// <param name="TrainedTokens">How far the layer was trained when they were given: those of a layer that was trained further are of another layer. Absent for imported ones.</param>
/// <param name="Names">By unit.</param>
public sealed record NamesFile(long? TrainedTokens, IReadOnlyList<NamedUnit> Names)
{
    /// <summary>A run's names; null where it has none.</summary>
    /// <exception cref="MxdInputException">The file is damaged.</exception>
    public static NamesFile? Find(RunFolder folder) => File.Exists(folder.NamesFile) ? Json.Read<NamesFile>(InputFile.ReadAllText(folder.NamesFile), folder.NamesFile) : null;

    /// <summary>These names with new ones, which replace those of the same units; alone, where the layer is another by now.</summary>
    public NamesFile With(long? trainedTokens, IReadOnlyList<NamedUnit> names)
    {
        NamedUnit[] kept = trainedTokens == TrainedTokens ? [.. Names.Where(old => names.All(name => name.Unit != old.Unit))] : [];
        return new NamesFile(trainedTokens, [.. kept.Concat(names).OrderBy(name => name.Unit)]);
    }

    public void Write(RunFolder folder) => AtomicFile.WriteAllText(folder.NamesFile, JsonSerializer.Serialize(this, Json.Indented));
}
