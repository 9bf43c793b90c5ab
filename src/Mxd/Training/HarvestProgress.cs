using System.Text.Json;
using Mxd.Activations;
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
        return File.Exists(path) ? Json.Read<HarvestProgress>(File.ReadAllText(path), path) : null;
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
