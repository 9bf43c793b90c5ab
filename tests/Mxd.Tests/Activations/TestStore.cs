using System.Text.Json;
using Mxd.Activations;
using Mxd.LanguageModels;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Tests.Activations;

/// <summary>Stores of small models' activations.</summary>
internal static class TestStore
{
    public const string HeldOutFile = "held-out.safetensors";

    /// <summary>Writes the first contexts of a text, in the order of a seed, and all of a held-out one.</summary>
    public static StoreManifest Write(
        string folder, LanguageModel model, PackedContexts text, PackedContexts heldOut, IReadOnlyList<HookPoint> points, long contexts,
        int harvestBatch, long shardContexts, long seed, string dtype = "float32")
    {
        var harvester = new Harvester(model, points);
        var order = new ContextOrder(text.Count, seed);
        List<StoredFile> shards = [];
        for (long first = 0; first < contexts; first += shardContexts)
            shards.Add(Save($"shard-{shards.Count}.safetensors", [.. Range(first, Math.Min(first + shardContexts, contexts)).Select(i => order[i])], text));
        var facts = new HarvestFacts(
            model.Identity, "float32", dtype, [.. points.Select(p => p.Layer).Distinct()], [.. points.Select(p => p.ToString())],
            new HarvestedText(["text"], "text", false, 0, "text fingerprint", text.Count, [], 0.05, 256),
            new HarvestedPacking(text.ContextLength, 0, 0), seed, harvestBatch, contexts, heldOut.Count);
        var manifest = new StoreManifest(StoreManifest.CurrentFormat, "0.0.0", facts, Save(HeldOutFile, [.. Range(0, heldOut.Count)], heldOut), shards);
        WriteManifest(folder, manifest);
        return manifest;

        StoredFile Save(string name, long[] numbers, PackedContexts from)
        {
            using DisposeScope scope = NewDisposeScope();
            ActivationRows[] parts = [.. numbers.Chunk(harvestBatch).Select(batch => harvester.Harvest(from.ToTensor(batch)))];
            var rows = new ActivationRows(points, [.. points.Select(point => cat([.. parts.Select(part => part[point])], 0).to(Dtypes.Parse(dtype)))]);
            foreach (ActivationRows part in parts) part.Dispose();
            return StoredFile.Write(folder, name, rows, from.ContextLength);
        }
    }

    public static void WriteManifest(string folder, StoreManifest manifest) =>
        File.WriteAllText(Path.Combine(folder, StoreManifest.FileName), JsonSerializer.Serialize(manifest, Json.Indented));

    private static IEnumerable<long> Range(long first, long end)
    {
        for (long i = first; i < end; i++) yield return i;
    }
}
