using System.Text.Json;
using Mxd.Activations;
using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Training;

/// <summary>harvest.part.json, in the folder of a harvest that is not complete: what was asked for, and the files that are.</summary>
/// <param name="Options">As asked for.</param>
/// <param name="Harvest">What it will be.</param>
/// <param name="Shards">Files written so far, the first ones.</param>
/// <param name="HeldOut">The file of the held-out contexts, once it is written.</param>
internal sealed record HarvestProgress(HarvestOptions Options, HarvestFacts Harvest, IReadOnlyList<StoredFile> Shards, StoredFile? HeldOut = null)
{
    public const string FileName = "harvest.part.json";

    /// <summary>Bytes of the files there are.</summary>
    public long Bytes() => (HeldOut?.Bytes ?? 0) + Shards.Sum(s => s.Bytes);

    public static HarvestProgress? Find(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return null;
        HarvestProgress found = Json.Read<HarvestProgress>(InputFile.ReadAllText(path), path);
        StoredFile[] files = found.HeldOut is { } heldOut ? [heldOut, .. found.Shards] : [.. found.Shards];
        return found.Harvest.Problem(files, found.CountsProblem) is { } problem
            ? throw new MxdInputException($"{path} is damaged: {problem}; begin another harvest.")
            : found;
    }

    /// <summary>Shards are alike, but for the last where it is the harvest's last.</summary>
    private string? CountsProblem()
    {
        if (HeldOut is { } file && file.Contexts != Harvest.HeldOutContexts) return $"{file.File} has {file.Contexts} contexts and not {Harvest.HeldOutContexts}";
        long contexts = 0;
        foreach (StoredFile shard in Shards)
        {
            contexts = checked(contexts + shard.Contexts);
            if (shard.Contexts != Shards[0].Contexts && (contexts != Harvest.Contexts || shard.Contexts > Shards[0].Contexts))
                return $"{shard.File} has {shard.Contexts} contexts, and the first shard {Shards[0].Contexts}";
        }
        return contexts <= Harvest.Contexts ? null : $"its shards have {contexts} contexts, more than {Harvest.Contexts}";
    }

    public void Save(string folder) => AtomicFile.WriteAllText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, Json.Indented));

    public static void Remove(string folder) => File.Delete(Path.Combine(folder, FileName));

    /// <summary>What is left of it once every file has been read through again; a line for each that must be harvested again.</summary>
    public HarvestProgress Verified(string folder, List<string> notes, CancellationToken cancellation)
    {
        StoredFile? heldOut = HeldOut is { } file && IsWhole(file, folder, notes, cancellation) ? file : null;
        StoredFile[] whole = [.. Shards.TakeWhile(shard => IsWhole(shard, folder, notes, cancellation))];
        return this with { HeldOut = heldOut, Shards = whole };
    }

    private bool IsWhole(StoredFile file, string folder, List<string> notes, CancellationToken cancellation)
    {
        try
        {
            file.Check(folder, Harvest, cancellation);
            return true;
        }
        catch (MxdInputException e)
        {
            notes.Add($"Note: from {file.File} on it is harvested again: {OneLine.Of(e)}.");
            return false;
        }
    }
}
