using System.Diagnostics;
using System.Text.Json.Nodes;
using Mxd.Activations;
using Mxd.Formats;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using Mxd.Tests.LanguageModels;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Benchmarks;

/// <summary>
/// Random weights in the shape of a published language model, written to disk in its real layout, loaded, and harvested at the layer of the
/// published runs. What such a model computes means nothing; what it costs is what the real one does.
/// </summary>
internal static class ShapeCase
{
    private const int Contexts = 16, ContextLength = 128;

    /// <summary>Of models so large, one pass takes minutes on a few cores.</summary>
    private const long Large = 4L << 30;

    /// <summary>Bytes a shard has at most, as hub repositories split them.</summary>
    private const long ShardBytes = 1L << 30;

    public static void Run(string presetName, string dtype)
    {
        PublishedPreset preset = PublishedPreset.Get(presetName);
        KnownModel model = KnownModel.All.Single(m => m.Id == preset.Model);
        string folder = Directory.CreateTempSubdirectory("mxd-shape").FullName;
        try
        {
            Console.Error.WriteLine($"Writing {ByteSize.Format(model.Config.ParameterCount * Dtypes.ByteCount(Dtypes.Parse(dtype)))} of random weights to {folder}");
            Write(folder, model, Dtypes.Parse(dtype));
            string output = Comparison.StartRaw(["measure", "shape", folder, $"{preset.Layer}", dtype]);
            Console.WriteLine($"| {preset.Model}, {dtype} | {output.Trim()} |");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Prints a table's cells: weights, seconds to load, memory that loading took at most over the weights, harvest, peak.</summary>
    public static void Measure(string folder, int layer, string dtype)
    {
        using (ones(1))
        {
            // The program and libtorch are there before the weights.
        }
        long before = ProcessMemory.Current;
        var clock = Stopwatch.StartNew();
        using ModelFile file = ModelFile.Open(folder);
        using LanguageModel model = file.Load(Dtypes.Parse(dtype), CPU);
        double loading = clock.Elapsed.TotalSeconds;
        long weights = file.Config.ParameterCount * Dtypes.ByteCount(Dtypes.Parse(dtype)), taken = ProcessMemory.Peak - before;
        var harvester = new Harvester(model, HookPoint.MlpInput(layer), HookPoint.MlpOutput(layer));
        using Tensor tokens = randint(0, model.Identity.Vocabulary, [Contexts, ContextLength], dtype: ScalarType.Int64);
        Measurement harvest = Measurement.Of(Contexts * ContextLength, Flops(file.Config, layer), weights > Large ? 1 : 3, () => harvester.Harvest(tokens).Dispose());
        Console.WriteLine(FormattableString.Invariant(
            $"{ByteSize.Format(weights)} | {loading:f1} | {(double)taken / weights:f3} | {harvest.TokensPerSecond:n0} | {harvest.GigaflopsPerSecond:n0} | {ByteSize.Format(harvest.PeakMemoryBytes)}"));
    }

    private static double Flops(TransformerConfig config, int layer)
    {
        TransformerConfig blocks = config with { Layers = layer + 1 }, none = config with { Layers = 0 };
        return 2.0 * (blocks.ParameterCount - none.ParameterCount) * Contexts * ContextLength;
    }

    private static void Write(string folder, KnownModel model, ScalarType dtype)
    {
        var written = new HuggingFaceFolder(model.Family, model.Config);
        written.WriteConfig(folder);
        HuggingFaceFolder.Stored[][] shards = [.. Shards(written.Tensors(), Dtypes.ByteCount(dtype))];
        var map = new JsonObject();
        for (int i = 0; i < shards.Length; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            string name = $"model-{i + 1:d5}-of-{shards.Length:d5}.safetensors";
            SafetensorsWriter.Write(Path.Combine(folder, name), shards[i].Select(t => (t.Name, (randn(t.Shape, dtype: ScalarType.Float32) * 0.02).to(dtype))));
            foreach (HuggingFaceFolder.Stored tensor in shards[i]) map[tensor.Name] = name;
        }
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), new JsonObject { ["weight_map"] = map }.ToJsonString());
    }

    private static IEnumerable<HuggingFaceFolder.Stored[]> Shards(IEnumerable<HuggingFaceFolder.Stored> tensors, int elementBytes)
    {
        var shard = new List<HuggingFaceFolder.Stored>();
        long bytes = 0;
        foreach (HuggingFaceFolder.Stored tensor in tensors)
        {
            long size = tensor.Shape.Aggregate((long)elementBytes, (product, length) => product * length);
            if (bytes > 0 && bytes + size > ShardBytes)
            {
                yield return [.. shard];
                shard.Clear();
                bytes = 0;
            }
            shard.Add(tensor);
            bytes += size;
        }
        yield return [.. shard];
    }
}
