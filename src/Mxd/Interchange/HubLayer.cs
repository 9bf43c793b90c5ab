using System.Text.Json;
using Mxd.Formats;
using Mxd.Hub;
using Mxd.Runtime;

namespace Mxd.Interchange;

/// <summary>
/// A layer published on the hub, fetched into the cache: <c>owner/name</c>, or <c>owner/name:PLACE</c> where a repository has several, PLACE being a
/// folder or a <c>.pt</c> file in it; either id with <c>@revision</c>.
/// </summary>
/// <param name="Path">Where it is on this machine; a <see cref="ILayerFormat"/> reads it.</param>
/// <param name="Source">What it is: <c>owner/name@commit:PLACE</c>.</param>
/// <param name="ModelName">The language model, where a file of the repository names it and the layer's own may not.</param>
public sealed record HubLayer(string Path, string Source, string? ModelName)
{
    private const string RunConfig = "config.json", Frequencies = "_log_feature_sparsity" + ReferenceCheckpoint.Extension;

    private static readonly string[] weights = [SaeLensFormat.WeightsName, SparsifyFormat.WeightsName];

    /// <summary>Has a name, of nothing on this machine, the form of such a layer's?</summary>
    public static bool IsMeant(string name)
    {
        string id = HubId.SplitPart(name).Id;
        return !System.IO.Path.Exists(name) && id.Contains('/', StringComparison.Ordinal) && HubId.IsMeant(id, ReferenceCheckpoint.Extension, NativeLayer.FileName);
    }

    /// <summary>Downloads the layer's files, and no others, where the cache does not have them.</summary>
    /// <exception cref="MxdInputException">They cannot be had, or the repository holds no layer that is known, or several and none is named.</exception>
    public static HubLayer Fetch(HubClient client, string name, IHubProgress? progress = null, CancellationToken cancellation = default)
    {
        (string text, string? part) = HubId.SplitPart(name);
        HubId id = HubId.Parse(text);
        HubSnapshot snapshot = client.Open(HubKind.Model, id, progress, cancellation);
        string place = Choose(id, Places(snapshot.Files), part?.Trim('/'));
        foreach (string file in Files(snapshot.Files, place)) client.Fetch(snapshot, file, progress, cancellation);
        string? config = Above(place).FirstOrDefault(snapshot.Files.Contains), model = config is null ? null : ModelOf(client.Fetch(snapshot, config, progress, cancellation));
        string path = System.IO.Path.Combine([snapshot.Folder, .. place.Split('/', StringSplitOptions.RemoveEmptyEntries)]);
        return new HubLayer(path, $"{id.Name}@{snapshot.Commit}{(place.Length > 0 ? ":" + place : "")}", model);
    }

    /// <summary>A layer's header as it is to be kept: where its files came from, and the model they name.</summary>
    public SavedLayer Describe(SavedLayer read) => read.Imported is { } imported
        ? read with { Imported = imported with { Source = Source, ModelName = imported.ModelName ?? ModelName } }
        : read;

    /// <summary>Where the layers of a repository are: folders, of which "" is its root, and files.</summary>
    private static string[] Places(IReadOnlyList<string> files)
    {
        IEnumerable<string> checkpoints = files.Where(file => file.EndsWith(ReferenceCheckpoint.Extension, StringComparison.Ordinal) && !file.EndsWith(Frequencies, StringComparison.Ordinal));
        IEnumerable<string> folders = files.Where(file => NameOf(file) == NativeLayer.FileName || (weights.Contains(NameOf(file)) && files.Contains(Beside(file, ForeignFolder.ConfigName)))).Select(FolderOf);
        // Beside folders of layers, .pt files are the state of their training.
        string[] found = [.. folders.Distinct()];
        return found.Length > 0 ? found : [.. checkpoints];
    }

    private static string Choose(HubId id, string[] places, string? part)
    {
        string[] meant = part is null ? places : places.Contains(part) ? [part] : [.. places.Where(place => place.StartsWith(part + "/", StringComparison.Ordinal))];
        if (meant.Length == 1) return meant[0];
        if (places.Length == 0)
            throw new MxdInputException($"{id} holds no layer of a known format (saelens: {ForeignFolder.ConfigName} and {SaeLensFormat.WeightsName}; sparsify: {ForeignFolder.ConfigName} and {SparsifyFormat.WeightsName}; reference: {ReferenceCheckpoint.Extension} files): name another repository.");
        string what = meant.Length > 0 ? $"{id}{(part is null ? "" : ":" + part)} holds {meant.Length} layers" : $"{id} holds no layer {Shown.Name(part!)}, but {places.Length} others";
        throw new MxdInputException($"{what}: name one by {id}:PLACE, of {LayerFormats.List(meant.Length > 0 ? meant : places)}.");
    }

    private static IEnumerable<string> Files(IReadOnlyList<string> all, string place) => all.Contains(place)
        ? [place]
        : all.Where(file => FolderOf(file) == place && (NameOf(file) is ForeignFolder.ConfigName or NativeLayer.FileName || weights.Contains(NameOf(file))));

    /// <summary>sparsify writes the options of a run beside the folders of its layers, whose own files do not name the model.</summary>
    private static string? ModelOf(string file)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("model", out JsonElement model) && model.ValueKind == JsonValueKind.String
                ? model.GetString()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Where a run's options may lie: beside the layer, or in a folder above it.</summary>
    private static IEnumerable<string> Above(string place)
    {
        for (string folder = place; ; folder = FolderOf(folder))
        {
            yield return folder.Length == 0 ? RunConfig : $"{folder}/{RunConfig}";
            if (folder.Length == 0) yield break;
        }
    }

    private static string NameOf(string file) => file[(file.LastIndexOf('/') + 1)..];

    private static string FolderOf(string file) => file.LastIndexOf('/') is >= 0 and var slash ? file[..slash] : "";

    private static string Beside(string file, string name) => FolderOf(file) is { Length: > 0 } folder ? $"{folder}/{name}" : name;
}
