using System.Text.Json.Serialization;
using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Interchange;

/// <summary>The header of a saved layer: all that is needed to build it, and where it belongs.</summary>
/// <param name="Layer">Shape and formula.</param>
/// <param name="Origin">What it was trained on, if it was trained here.</param>
/// <param name="Imported">What another project's file said of it, if it comes from one.</param>
public sealed record SavedLayer(LayerOptions Layer, LayerOrigin? Origin = null, ImportedFrom? Imported = null)
{
    /// <summary>Hook point the layer reads, if that is known.</summary>
    [JsonIgnore]
    public string? Input => Origin?.Input ?? Imported?.Input;

    /// <summary>Hook point it replaces, if that is known.</summary>
    [JsonIgnore]
    public string? Output => Origin?.Output ?? Imported?.Output;

    /// <summary>The language model it belongs to, if more than a name is known.</summary>
    [JsonIgnore]
    public ModelIdentity? Model => Origin?.Model ?? Imported?.Model;

    /// <summary>What to call the language model in other projects' files: a hub id as it is; of a file on this machine, its name alone.</summary>
    [JsonIgnore]
    public string? ModelName => Origin?.Model.Id is { } id
        ? Path.IsPathRooted(id) ? Path.GetFileNameWithoutExtension(id) : id
        : Imported?.ModelName;

    /// <summary>Tokens a context during training, if that is known.</summary>
    [JsonIgnore]
    public int? ContextLength => Origin?.ContextLength ?? Imported?.ContextLength;

    /// <summary>Refuses a language model into which the layer cannot be put.</summary>
    /// <returns>A line to show where the model may or does differ from the layer's own; otherwise null.</returns>
    /// <exception cref="MxdInputException">Another model than the layer's, or one in which it has no place.</exception>
    public string? Check(ModelIdentity other, bool allowOtherWeights)
    {
        if (Model is { } own) return LayerOrigin.Check(own, other, allowOtherWeights);
        CheckPlace(other);
        string name = Imported?.ModelName is { } named ? $"names its language model '{named}'" : "names no language model";
        return $"Note: the layer {name}; whether {other.Id} is that model cannot be checked beyond its width and number of layers.";
    }

    /// <summary>Refuses a language model that lacks the layer's hook points, or has other widths there.</summary>
    /// <exception cref="MxdInputException">It does.</exception>
    public void CheckPlace(ModelIdentity model)
    {
        foreach ((string? name, long width, string does) in new[] { (Input, Layer.InputWidth, "reads"), (Output, Layer.OutputWidth, "returns") })
        {
            if (name is null) continue;
            HookPoint point = HookPoint.Parse(name);
            if (point.Layer >= model.Layers)
                throw new MxdInputException($"The layer {does} {point}, but {model.Id} has {model.Layers} layers, 0 to {model.Layers - 1}: name the model it was trained on{Named}.");
            if (width != model.Width)
                throw new MxdInputException($"The layer {does} {width} values a token, but {model.Id} has {model.Width} at {point}: name the model it was trained on{Named}.");
        }
    }

    private string Named => Imported?.ModelName is { } name ? $" ('{name}')" : "";
}
