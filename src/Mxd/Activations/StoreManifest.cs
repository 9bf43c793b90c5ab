using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Activations;

/// <summary>harvest.json: what activations on disk are, and the files they are in. It is written last, so that a folder which has it is whole.</summary>
/// <param name="Format">Version of this layout.</param>
/// <param name="Version">Version of mxd that wrote it.</param>
/// <param name="Harvest">What they are.</param>
/// <param name="HeldOut">The file of the held-out contexts.</param>
/// <param name="Shards">Files of the contexts to train on, in the order of those.</param>
public sealed record StoreManifest(int Format, string Version, HarvestFacts Harvest, StoredFile HeldOut, IReadOnlyList<StoredFile> Shards)
{
    public const string FileName = "harvest.json";

    public const int CurrentFormat = 1;

    /// <summary>Far more than any manifest has: ten million gigabytes of shards.</summary>
    private const long LongestFile = 16 << 20;

    /// <summary>Bytes of all its files.</summary>
    [JsonIgnore]
    public long Bytes => checked(HeldOut.Bytes + Shards.Sum(s => s.Bytes));

    /// <summary>SHA-256 over all of it but where files lie on a machine and who wrote it: equal for equal activations, wherever they are.</summary>
    public string Fingerprint()
    {
        StoreManifest plain = this with
        {
            Version = "",
            Harvest = Harvest with { Model = Harvest.Model with { Id = "" }, Text = Harvest.Text with { Files = [], Validation = [] } },
        };
        return Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(plain, Json.Compact)));
    }

    /// <summary>Reads a folder's manifest and holds it against itself; the files it names are not looked at.</summary>
    /// <exception cref="MxdInputException">There is none, of another version, damaged, or with numbers that cannot be.</exception>
    public static StoreManifest Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) throw new MxdInputException($"{folder} holds no activations (it has no {FileName}): name a folder that 'mxd harvest --out' made, or let it go on with --resume.");
        long length = new FileInfo(path).Length;
        if (length > LongestFile) throw new MxdInputException($"{path} has {length} bytes, more than the {LongestFile} that it can have: it is damaged; harvest again.");
        string json = InputFile.ReadAllText(path);
        if (FormatOf(json, path) is var format && format != CurrentFormat)
            throw new MxdInputException($"{path} is of format {format}, but this version of mxd reads format {CurrentFormat}: use the version that wrote it, or harvest again.");
        StoreManifest manifest = Json.Read<StoreManifest>(json, path);
        string? problem = manifest.Harvest.Problem([manifest.HeldOut, .. manifest.Shards], () => CountsProblem(manifest));
        return problem is null ? manifest : throw new MxdInputException($"{path} is damaged: {problem}; harvest again.");
    }

    private static int FormatOf(string json, string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.GetProperty("format").GetInt32();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new MxdInputException($"{path} cannot be read ({OneLine.Of(e)}): it is damaged or no manifest of activations; harvest again.", e);
        }
    }

    private static string? CountsProblem(StoreManifest manifest)
    {
        HarvestFacts harvest = manifest.Harvest;
        if (manifest.HeldOut.Contexts != harvest.HeldOutContexts) return $"{manifest.HeldOut.File} has {manifest.HeldOut.Contexts} contexts and not {harvest.HeldOutContexts}";
        long contexts = 0;
        foreach (StoredFile shard in manifest.Shards) contexts = checked(contexts + shard.Contexts);
        _ = manifest.Bytes;
        return contexts == harvest.Contexts ? null : $"its shards have {contexts} contexts and not {harvest.Contexts}";
    }
}
