using Mxd.Formats;
using Mxd.Runtime;

namespace Mxd.Hub;

/// <summary>The files of a language model that are needed here, of all that its repository holds.</summary>
public static class HubModel
{
    private static readonly string[] descriptions = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"];

    /// <summary>Downloads what is needed and returns its folder.</summary>
    /// <exception cref="MxdInputException">It cannot be had, or the repository has no weights that are read.</exception>
    public static string Fetch(HubClient client, HubId id, IHubProgress? progress = null, CancellationToken cancellation = default) =>
        FetchWeights(client, FetchDescription(client, id, progress, cancellation), progress, cancellation);

    /// <summary>Configuration and tokenizer alone: enough to see whether the weights, which are gigabytes, are of use.</summary>
    /// <exception cref="MxdInputException">They cannot be had.</exception>
    public static HubSnapshot FetchDescription(HubClient client, HubId id, IHubProgress? progress = null, CancellationToken cancellation = default)
    {
        HubSnapshot snapshot = client.Open(HubKind.Model, id, progress, cancellation);
        if (!snapshot.Files.Contains(descriptions[0]) && !snapshot.IsOfCache)
            throw new MxdInputException($"Model {snapshot.Id} has no {descriptions[0]}, which says what it is: name a repository in the layout of transformers.");
        foreach (string file in descriptions.Where(snapshot.Files.Contains)) client.Fetch(snapshot, file, progress, cancellation);
        return snapshot;
    }

    /// <summary>The weights, beside what describes them; returns their folder.</summary>
    /// <exception cref="MxdInputException">They cannot be had, or the repository has none that are read.</exception>
    public static string FetchWeights(HubClient client, HubSnapshot snapshot, IHubProgress? progress = null, CancellationToken cancellation = default)
    {
        if (snapshot.Files.Contains(SafetensorsFolder.SingleFile)) Fetch(SafetensorsFolder.SingleFile);
        else if (snapshot.Files.Contains(SafetensorsFolder.IndexFile))
            foreach (string shard in SafetensorsIndex.Read(Fetch(SafetensorsFolder.IndexFile)).Values.Distinct().Order(StringComparer.Ordinal)) Fetch(shard);
        else throw new MxdInputException(NoWeights(snapshot));
        return snapshot.Folder;

        string Fetch(string path) => client.Fetch(snapshot, path, progress, cancellation);
    }

    private static string NoWeights(HubSnapshot snapshot)
    {
        string[] gguf = [.. snapshot.Files.Where(file => file.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))];
        if (snapshot.IsOfCache)
            return $"Model {snapshot.Id} is in the cache in part only ({snapshot.Folder} has no {SafetensorsFolder.SingleFile}), and the hub was not asked or did not answer: unset HF_HUB_OFFLINE and try again with a connection.";
        return gguf.Length > 0
            ? $"Model {snapshot.Id} has no {SafetensorsFolder.SingleFile}, but GGUF files: fetch one with 'mxd hub get {snapshot.Id} --file {gguf[0]}' and name its path."
            : $"Model {snapshot.Id} has no weights in safetensors, the only kind that is read from the hub: name another revision or a repository that has them.";
    }
}
