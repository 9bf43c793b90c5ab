using System.Text.Json;
using Mxd.Formats;
using Mxd.Layers;
using Mxd.Runtime;
using static TorchSharp.torch;

namespace Mxd.Interchange;

/// <summary>
/// The project's own file of a layer: safetensors under the reference's keys and orientation, with the <see cref="SavedLayer"/> header
/// as JSON in the metadata, so that weights and configuration cannot part.
/// </summary>
public static class NativeLayer
{
    public const string FileName = "layer.safetensors";

    private const string Format = "mxd layer 1";

    /// <summary>Saves a layer that was trained here.</summary>
    public static void Save(string path, ILayer layer, LayerOrigin origin) => Save(path, layer, new SavedLayer(layer.Options, origin));

    /// <summary>Saves a layer with what is known of it; its options are the layer's own.</summary>
    public static void Save(string path, ILayer layer, SavedLayer saved)
    {
        using IDisposable scope = NewDisposeScope();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["format"] = Format,
            ["layer"] = JsonSerializer.Serialize(saved with { Layer = layer.Options }, Json.Compact),
        };
        SafetensorsWriter.Write(path, layer.Parameters.Select(p => (p.Key, p.AsStored())), metadata);
    }

    /// <summary>Reads the header alone.</summary>
    /// <exception cref="MxdInputException">The file is damaged, or not one of these.</exception>
    public static SavedLayer ReadHeader(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return ReadHeader(file, path);
    }

    /// <summary>Reads header and weights.</summary>
    /// <exception cref="MxdInputException">The file is damaged, or its weights do not fit its header.</exception>
    public static (SavedLayer Header, ILayer Layer) Load(string path, Device device)
    {
        using IDisposable scope = NewDisposeScope();
        using SafetensorsFile file = SafetensorsFile.Open(path);
        SavedLayer header = ReadHeader(file, path);
        try
        {
            LayerType type = LayerTypes.Get(header.Layer.Type);
            ILayer layer = type.FromStored(header.Layer, key => file.Read(key, ScalarType.Float32), device);
            string? unused = file.Names.Except(layer.Parameters.Select(p => p.Key)).FirstOrDefault();
            if (unused is null) return (header, layer);
            layer.Dispose();
            throw new MxdInputException($"it has a tensor '{unused}', which a layer of type '{type.Name}' does not use: it was saved as another type.");
        }
        catch (MxdInputException e) when (!e.Message.StartsWith(path, StringComparison.Ordinal))
        {
            throw new MxdInputException($"{path}: {e.Message}", e);
        }
    }

    private static SavedLayer ReadHeader(SafetensorsFile file, string path)
    {
        if (file.Metadata.GetValueOrDefault("format") != Format || !file.Metadata.TryGetValue("layer", out string? json))
            throw new MxdInputException($"{path} is not a layer saved by mxd: its metadata lacks 'format' = '{Format}'.");
        return Json.Read<SavedLayer>(json, $"{path}'s header");
    }
}
