using System.Text.Json.Nodes;
using Mxd.Formats;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Interchange;

/// <summary>
/// sparsify: a folder with <c>cfg.json</c> and <c>sae.safetensors</c>, named after a module of the model (<see cref="SparsifyModule"/>).
/// <code>
/// a = TopK(relu((x [- b_dec unless transcode]) encoder.weightᵀ + encoder.bias)),   y = a W_dec + b_dec (+ x W_skipᵀ)
/// </code>
/// With <c>groupmax</c> the largest of each of K groups of neighbours is kept instead. <c>multi_topk</c> adds a term with 4 K units to the
/// loss of training; the layer is the one with K, which is what sparsify's own encode gives.
/// </summary>
internal sealed class SparsifyFormat : ILayerFormat
{
    public const string WeightsName = "sae.safetensors";

    /// <summary>What sparsify fills in for <c>expansion_factor</c>, and does not read where <c>num_latents</c> is given.</summary>
    private const int UnusedExpansion = 32;

    public string Name => "sparsify";

    public bool Recognises(string path) => new ForeignFolder(path, WeightsName).Exists;

    public ImportedLayer Read(string path, Device device)
    {
        ForeignFolder folder = new ForeignFolder(path, WeightsName).Require();
        SparsifyConfig config = SparsifyConfig.Read(ForeignConfig.Open(folder.ConfigFile));
        using SafetensorsFile file = SafetensorsFile.Open(folder.WeightsFile);
        string module = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        (HookPoint Input, HookPoint Output)? hooks = SparsifyModule.Hooks(module, config.Options.Type == "sae");
        ImportedFrom imported = config.Keep(Name, path) with
        {
            Input = hooks?.Input.ToString(),
            Output = hooks?.Output.ToString(),
            Dtypes = ForeignTensors.Dtypes(file),
            Metadata = file.Metadata.Count > 0 ? file.Metadata : null,
        };
        return new ImportedLayer(config.Tensors().Read(file, config.Options, device), new SavedLayer(config.Options, null, imported));
    }

    public string? WhyNotWritable(LayerOptions layer)
    {
        if (layer.Type is not ("sae" or "transcoder" or "skip-transcoder")) return "sparsify has SAEs, transcoders and skip transcoders alone, without a second branch";
        if (layer.Activation != "relu") return $"sparsify's units have the activation relu, and these have {layer.Activation}";
        if (layer.Sparsity is not (Sparsity.TopK or Sparsity.GroupMax)) return $"sparsify chooses units by TopK or the largest of groups alone ({layer.Sparsity?.Title})";
        if (layer.InputWidth != layer.OutputWidth) return $"sparsify's layers have one width, and this one goes from {layer.InputWidth} to {layer.OutputWidth}";
        if (layer.Type == "sae" && !layer.SubtractsInputBias) return "sparsify's SAEs take b_dec from their input, and this one does not";
        return layer.RescaleByDecoderNorm || layer.Normalisation != InputNormalisation.None ? "sparsify neither normalises inputs nor rescales by decoder norms" : null;
    }

    public void Write(string path, ILayer layer, SavedLayer saved)
    {
        LayerFormats.RequireWritable(Name, layer.Options);
        ImportedFrom? own = saved.Imported is { } imported && imported.Format == Name && Parse(imported).Options == layer.Options ? imported : null;
        string config = own?.Config ?? Config(layer.Options).ToJsonString(Json.Compact);
        using DisposeScope scope = NewDisposeScope();
        AtomicFolder.Write(path, folder =>
        {
            var files = new ForeignFolder(folder, WeightsName);
            SparsifyConfig.Tensors(layer.Options, "").Write(files.WeightsFile, key => layer.Parameter(key).AsStored(), own);
            AtomicFile.WriteAllText(files.ConfigFile, config);
        });
    }

    public (HookPoint Input, HookPoint Output) MlpHooks(int layer, bool isAutoencoder) => SparsifyModule.Mlp(layer, isAutoencoder);

    /// <summary>The files name no hook point, and a folder's name cannot say that its layer reads another point than the module's own input.</summary>
    public string? Caution(SavedLayer saved)
    {
        if (saved.Input is not { } input || saved.Output is not { } output || saved.Imported?.Format == Name) return null;
        if (saved.Layer.Type != "sae" && input.EndsWith("ln2.hook_normalized", StringComparison.Ordinal))
            return $"Note: the layer reads {input}, before the norm's scale and shift; sparsify gives a transcoder of an MLP what comes after them.";
        return $"Note: the files do not say where the layer stands; import them with {(input == output ? $"--input {input}" : $"--input {input} --output {output}")}.";
    }

    private static SparsifyConfig Parse(ImportedFrom imported) => SparsifyConfig.Read(ForeignConfig.Parse(imported.Config, $"the configuration kept from {imported.Source}"));

    /// <summary>The configuration of a layer that did not come from sparsify, with the fields it would write itself, in its order.</summary>
    private static JsonObject Config(LayerOptions layer) => new()
    {
        ["activation"] = layer.Sparsity is Sparsity.GroupMax ? "groupmax" : "topk",
        ["expansion_factor"] = layer.Units % layer.InputWidth == 0 ? layer.Units / layer.InputWidth : UnusedExpansion,
        ["normalize_decoder"] = layer.UnitNorm,
        ["num_latents"] = layer.Units,
        ["k"] = layer.Sparsity!.Active,
        ["multi_topk"] = false,
        ["skip_connection"] = layer.Type == "skip-transcoder",
        ["transcode"] = layer.Type != "sae",
        ["d_in"] = layer.InputWidth,
    };
}
