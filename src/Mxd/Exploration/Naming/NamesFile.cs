using System.Text.Json;
using Mxd.Evaluation;
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
/// <param name="LayerSha256">SHA-256 of the layer's file, by which layers trained equally long are told apart. Absent where names were kept without it.</param>
public sealed record NamesFile(long? TrainedTokens, IReadOnlyList<NamedUnit> Names, string? LayerSha256 = null)
{
    /// <summary>No names yet of a run's layer, whose file is read whole.</summary>
    public static NamesFile Of(EvalRun run) => new(run.Saved.Origin?.TrainedTokens, [], HashOf(run));

    /// <summary>A run's names; null where it has none.</summary>
    /// <exception cref="MxdInputException">The file is damaged.</exception>
    public static NamesFile? Find(RunFolder folder) => File.Exists(folder.NamesFile) ? Json.Read<NamesFile>(InputFile.ReadAllText(folder.NamesFile), folder.NamesFile) : null;

    /// <summary>Are the names of the run's layer as it is now?</summary>
    public bool IsOf(EvalRun run) => IsOf(run.Saved.Origin?.TrainedTokens, LayerSha256 is null ? null : HashOf(run));

    /// <summary>These names with newer ones, which replace those of the same units; the newer ones alone, where their layer is another.</summary>
    public NamesFile With(NamesFile newer)
    {
        NamedUnit[] kept = IsOf(newer.TrainedTokens, newer.LayerSha256) ? [.. Names.Where(old => newer.Names.All(name => name.Unit != old.Unit))] : [];
        return newer with { Names = [.. kept.Concat(newer.Names).OrderBy(name => name.Unit)] };
    }

    public void Write(RunFolder folder) => AtomicFile.WriteAllText(folder.NamesFile, JsonSerializer.Serialize(this, Json.Indented));

    /// <summary>Puts these names beside those that the run's file has by now; other processes that do so wait for each other.</summary>
    /// <exception cref="MxdInputException">The file is damaged.</exception>
    /// <exception cref="IOException">Nothing can be written.</exception>
    public void MergeInto(RunFolder folder)
    {
        using IDisposable held = folder.HoldNames();
        (Find(folder) ?? this with { Names = [] }).With(this).Write(folder);
    }

    private static string HashOf(EvalRun run)
    {
        using SafetensorsFile file = SafetensorsFile.Open(run.Folder.LayerFile);
        return file.ComputeHash();
    }

    private bool IsOf(long? trainedTokens, string? layer) => trainedTokens == TrainedTokens && (LayerSha256 is null || layer is null || layer == LayerSha256);
}
