using System.Text.Json.Nodes;
using Mxd.Formats;
using static TorchSharp.torch;

namespace Mxd.Tests.Interchange;

/// <summary>A layer in another project's files, made up; tests change a field or a tensor before it is saved.</summary>
internal sealed record ForeignFiles(JsonObject Config, Dictionary<string, Tensor> Tensors, string WeightsName)
{
    public Dictionary<string, string> Metadata { get; } = [];

    /// <summary>As SAELens 6 writes it.</summary>
    public static ForeignFiles SaeLens(string architecture, int width = 6, int units = 9, int outputs = 5, int k = 3, int seed = 1)
    {
        bool transcodes = architecture.Contains("transcoder", StringComparison.Ordinal);
        var config = new JsonObject
        {
            ["d_in"] = width,
            ["d_sae"] = units,
            ["dtype"] = "float32",
            ["device"] = "cpu",
            ["apply_b_dec_to_input"] = !transcodes,
            ["normalize_activations"] = "none",
            ["reshape_activations"] = "none",
            ["metadata"] = new JsonObject
            {
                ["sae_lens_version"] = "6.54.12",
                ["sae_lens_training_version"] = "6.54.12",
                ["model_name"] = "tiny",
                ["hook_name"] = "blocks.1.ln2.hook_normalized",
                ["hook_name_out"] = transcodes ? "blocks.1.hook_mlp_out" : null,
                ["prepend_bos"] = true,
                ["context_size"] = 64,
            },
            ["architecture"] = architecture,
        };
        if (transcodes) config["d_out"] = outputs;
        if (architecture == "topk") (config["k"], config["rescale_acts_by_decoder_norm"]) = (k, false);
        if (!transcodes) outputs = width;
        using var generator = new Generator((ulong)seed);
        var tensors = new Dictionary<string, Tensor>
        {
            ["W_enc"] = randn(width, units, generator: generator),
            ["b_enc"] = randn(units, generator: generator),
            ["W_dec"] = randn(units, outputs, generator: generator),
            ["b_dec"] = randn(outputs, generator: generator),
        };
        if (architecture.Contains("jumprelu", StringComparison.Ordinal)) tensors["threshold"] = randn(units, generator: generator) * 0.5;
        if (architecture.Contains("skip", StringComparison.Ordinal)) tensors["W_skip"] = randn(outputs, width, generator: generator);
        return new ForeignFiles(config, tensors, "sae_weights.safetensors");
    }

    /// <summary>As sparsify 1.3 writes it.</summary>
    public static ForeignFiles Sparsify(int width = 6, int units = 12, int k = 3, bool transcode = false, bool skip = false, int seed = 1)
    {
        var config = new JsonObject
        {
            ["activation"] = "topk",
            ["expansion_factor"] = 32,
            ["normalize_decoder"] = true,
            ["num_latents"] = units,
            ["k"] = k,
            ["multi_topk"] = false,
            ["skip_connection"] = skip,
            ["transcode"] = transcode,
            ["d_in"] = width,
        };
        using var generator = new Generator((ulong)seed);
        var tensors = new Dictionary<string, Tensor>
        {
            ["encoder.weight"] = randn(units, width, generator: generator),
            ["encoder.bias"] = randn(units, generator: generator),
            ["W_dec"] = randn(units, width, generator: generator),
            ["b_dec"] = randn(width, generator: generator),
        };
        if (skip) tensors["W_skip"] = randn(width, width, generator: generator);
        return new ForeignFiles(config, tensors, "sae.safetensors");
    }

    /// <summary>The same with a field of the configuration changed; "metadata.x" is one of the metadata's.</summary>
    public ForeignFiles With(string field, JsonNode? value)
    {
        JsonObject config = Config.DeepClone().AsObject();
        string[] path = field.Split('.');
        JsonObject place = path.Length == 2 ? config[path[0]]!.AsObject() : config;
        place[path[^1]] = value;
        return this with { Config = config };
    }

    public ForeignFiles Without(params string[] fields)
    {
        JsonObject config = Config.DeepClone().AsObject();
        foreach (string field in fields) Assert.True(config.Remove(field), $"{field} is not there.");
        return this with { Config = config };
    }

    public ForeignFiles WithTensor(string name, Tensor? value)
    {
        var tensors = new Dictionary<string, Tensor>(Tensors);
        if (value is null) tensors.Remove(name);
        else tensors[name] = value;
        return this with { Tensors = tensors };
    }

    /// <summary>All weights rounded to another type.</summary>
    public ForeignFiles As(ScalarType dtype) => this with { Tensors = Tensors.ToDictionary(t => t.Key, t => t.Value.to(dtype)) };

    /// <summary>The layout before version 6: what is under metadata stands at the top level, among facts of training.</summary>
    public ForeignFiles Older()
    {
        JsonObject config = Config.DeepClone().AsObject(), metadata = config["metadata"]!.AsObject();
        config.Remove("metadata");
        foreach (string name in new[] { "model_name", "hook_name", "prepend_bos", "context_size" }) config[name] = metadata[name]?.DeepClone();
        config["hook_layer"] = 1;
        config["dataset_trust_remote_code"] = true;
        config["sae_lens_training_version"] = "3.13.0";
        config["finetuning_scaling_factor"] = false;
        config["hook_head_index"] = null;
        return this with { Config = config };
    }

    /// <summary>Writes both files and returns the folder.</summary>
    public string Save(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "cfg.json"), Config.ToJsonString());
        SafetensorsWriter.Write(Path.Combine(folder, WeightsName), Tensors.Select(t => (t.Key, t.Value)), Metadata);
        return folder;
    }
}
