using System.Text.Json.Nodes;
using Mxd.Formats;
using Mxd.Layers;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Interchange;

/// <summary>SAELens: a folder with <c>cfg.json</c> and <c>sae_weights.safetensors</c>. See <see cref="SaeLensArchitecture"/> for the formulas.</summary>
internal sealed class SaeLensFormat : ILayerFormat
{
    public const string WeightsName = "sae_weights.safetensors";

    /// <summary>The layout that is written: SAELens reads files that name none as those of its first versions.</summary>
    private const string LayoutVersion = "6.54.12";

    public string Name => "saelens";

    public bool Recognises(string path) => new ForeignFolder(path, WeightsName).Exists;

    public ImportedLayer Read(string path, Device device)
    {
        ForeignFolder folder = new ForeignFolder(path, WeightsName).Require();
        SaeLensConfig config = SaeLensConfig.Read(ForeignConfig.Open(folder.ConfigFile));
        using SafetensorsFile file = SafetensorsFile.Open(folder.WeightsFile);
        ImportedFrom imported = config.Keep(Name, path) with
        {
            Dtypes = ForeignTensors.Dtypes(file),
            Metadata = file.Metadata.Count > 0 ? file.Metadata : null,
        };
        ILayer layer = config.Architecture.Tensors(config.Options).Read(file, config.Options, device);
        return new ImportedLayer(layer, new SavedLayer(config.Options, null, imported));
    }

    public string? WhyNotWritable(LayerOptions layer)
    {
        if (SaeLensArchitecture.All.All(a => a.Type != layer.Type)) return "SAELens has SAEs, transcoders and skip transcoders alone, without a second branch";
        if (layer.Activation != "relu") return $"SAELens's units have the activation relu, and these have {layer.Activation}";
        if (SaeLensArchitecture.Of(layer) is not { } architecture)
            return layer.Sparsity is Sparsity.TopK ? "SAELens's transcoders have no TopK" : $"SAELens has no such choice of units ({layer.Sparsity?.Title})";
        return layer.RescaleByDecoderNorm && architecture.Selection != SaeLensSelection.TopK ? "SAELens rescales by decoder norms in its topk SAEs alone" : null;
    }

    public void Write(string path, ILayer layer, SavedLayer saved)
    {
        LayerFormats.RequireWritable(Name, layer.Options);
        ImportedFrom? own = Own(layer, saved);
        SaeLensArchitecture architecture = own is null ? SaeLensArchitecture.Of(layer.Options)! : Parse(own).Architecture;
        string config = own?.Config ?? Config(layer.Options, architecture, saved).ToJsonString(Json.Compact);
        using DisposeScope scope = NewDisposeScope();
        AtomicFolder.Write(path, folder =>
        {
            var files = new ForeignFolder(folder, WeightsName);
            architecture.Tensors(layer.Options).Write(files.WeightsFile, key => Stored(layer, key), own);
            AtomicFile.WriteAllText(files.ConfigFile, config);
        });
    }

    /// <summary>What the layer's own configuration was, if it came from SAELens and still is what that said.</summary>
    private ImportedFrom? Own(ILayer layer, SavedLayer saved) =>
        saved.Imported is { } imported && imported.Format == Name && Parse(imported).Options == layer.Options ? imported : null;

    private static SaeLensConfig Parse(ImportedFrom imported) => SaeLensConfig.Read(ForeignConfig.Parse(imported.Config, $"the configuration kept from {imported.Source}"));

    private static Tensor Stored(ILayer layer, string key)
    {
        Tensor value = layer.Parameter(key).AsStored();
        return key == Sparsity.ThresholdKey ? value.expand(layer.Options.Units) : value;
    }

    /// <summary>The configuration of a layer that did not come from SAELens, with the fields it would write itself, in its order.</summary>
    private static JsonObject Config(LayerOptions layer, SaeLensArchitecture architecture, SavedLayer saved)
    {
        var json = new JsonObject
        {
            ["d_in"] = layer.InputWidth,
            ["d_sae"] = layer.Units,
            ["dtype"] = "float32",
            ["device"] = "cpu",
            ["apply_b_dec_to_input"] = architecture.IsAutoencoder && layer.SubtractsInputBias,
            ["normalize_activations"] = SaeLensNames.Normalisations.Single(n => n.Kind == layer.Normalisation).Name,
            ["reshape_activations"] = "none",
            ["metadata"] = new JsonObject
            {
                ["sae_lens_version"] = LayoutVersion,
                // It was not trained by SAELens.
                ["sae_lens_training_version"] = null,
                ["model_name"] = saved.ModelName,
                ["hook_name"] = saved.Input,
                ["hook_name_out"] = architecture.IsAutoencoder && saved.Output == saved.Input ? null : saved.Output,
                ["prepend_bos"] = saved.Origin is null ? saved.Imported?.HasFirstToken : true,
                ["context_size"] = saved.ContextLength,
            },
        };
        if (layer.Sparsity is Sparsity.TopK top)
        {
            json["k"] = top.K;
            json["rescale_acts_by_decoder_norm"] = layer.RescaleByDecoderNorm;
        }
        if (!architecture.IsAutoencoder) json["d_out"] = layer.OutputWidth;
        json["architecture"] = architecture.Name;
        return json;
    }
}
