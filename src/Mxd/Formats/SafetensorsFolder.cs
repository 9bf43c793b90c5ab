using Mxd.Runtime;
using static TorchSharp.torch;

namespace Mxd.Formats;

/// <summary>
/// A folder with <c>model.safetensors</c>, or with shards and the <c>model.safetensors.index.json</c> that lists them.
/// A tensor in a shard that the index does not list is left out, as other readers do.
/// </summary>
public sealed class SafetensorsFolder : ITensorSource
{
    public const string SingleFile = "model.safetensors";
    public const string IndexFile = "model.safetensors.index.json";

    private readonly IReadOnlyDictionary<string, SafetensorsFile> owners;
    private readonly IReadOnlyCollection<SafetensorsFile> shards;
    private readonly string[] names;

    private SafetensorsFolder(string folder, IReadOnlyDictionary<string, SafetensorsFile> owners, IReadOnlyCollection<SafetensorsFile> shards, string[] names)
    {
        Location = folder;
        this.owners = owners;
        this.shards = shards;
        this.names = names;
    }

    public string Location { get; }

    public IReadOnlyList<string> Files => [.. shards.Select(shard => shard.Location)];

    public IReadOnlyCollection<string> Names => names;

    /// <summary>Opens the folder's file, or all its shards, and checks that each tensor is where the index says.</summary>
    /// <exception cref="MxdInputException">Neither file is there, or one of them cannot be used.</exception>
    public static SafetensorsFolder Open(string folder)
    {
        string single = Path.Combine(folder, SingleFile), index = Path.Combine(folder, IndexFile);
        if (!Directory.Exists(folder)) throw new MxdInputException($"{folder} is not a folder; a model's folder with {SingleFile} is needed here.");
        if (File.Exists(single)) return OpenSingle(folder, single);
        if (File.Exists(index)) return OpenShards(folder, index);
        throw new MxdInputException($"{folder} has neither {SingleFile} nor {IndexFile}.");
    }

    public bool Contains(string name) => owners.ContainsKey(name);

    public TensorEntry Describe(string name) => Owner(name).Describe(name);

    public Tensor Read(string name) => Owner(name).Read(name);

    public Tensor Read(string name, ScalarType dtype) => Owner(name).Read(name, dtype);

    public void Dispose()
    {
        foreach (SafetensorsFile shard in shards) shard.Dispose();
    }

    private SafetensorsFile Owner(string name) =>
        owners.TryGetValue(name, out SafetensorsFile? owner) ? owner : throw MissingTensor.In(Location, name, Names);

    private static SafetensorsFolder OpenSingle(string folder, string path)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        return new SafetensorsFolder(folder, file.Names.ToDictionary(name => name, _ => file, StringComparer.Ordinal), [file], [.. file.Names]);
    }

    private static SafetensorsFolder OpenShards(string folder, string index)
    {
        IReadOnlyDictionary<string, string> map = SafetensorsIndex.Read(index);
        var shards = new SortedDictionary<string, SafetensorsFile>(StringComparer.Ordinal);
        try
        {
            var owners = new Dictionary<string, SafetensorsFile>(StringComparer.Ordinal);
            foreach ((string name, string shard) in map)
            {
                if (!shards.TryGetValue(shard, out SafetensorsFile? file)) shards[shard] = file = OpenShard(folder, shard, name);
                if (!file.Contains(name))
                    throw new MxdInputException($"{index} says that tensor {Shown.Name(name)} is in {shard}, but that file does not have it: the index and the shards are of different models; download both again.");
                owners[name] = file;
            }
            string[] names = [.. shards.Values.SelectMany(file => file.Names.Where(name => owners.TryGetValue(name, out SafetensorsFile? owner) && owner == file))];
            return new SafetensorsFolder(folder, owners, shards.Values, names);
        }
        catch
        {
            foreach (SafetensorsFile file in shards.Values) file.Dispose();
            throw;
        }
    }

    private static SafetensorsFile OpenShard(string folder, string shard, string tensor)
    {
        string path = Path.Combine(folder, shard);
        if (!File.Exists(path))
            throw new MxdInputException($"{folder} lacks the shard {shard}, which holds tensor {Shown.Name(tensor)} according to {IndexFile}; download it again.");
        return SafetensorsFile.Open(path);
    }
}
