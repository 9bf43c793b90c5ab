using Mxd.LanguageModels;
using Mxd.Layers;
using Mxd.Runtime;
using static TorchSharp.torch;

namespace Mxd.Interchange;

/// <summary>A way of keeping layers in files. A new one is a type of this kind and its line in <see cref="LayerFormats.All"/>.</summary>
public interface ILayerFormat
{
    /// <summary>As options and files name it.</summary>
    string Name { get; }

    /// <summary>Is what lies at the path of this format? Only names and beginnings are looked at; nothing is thrown.</summary>
    bool Recognises(string path);

    /// <summary>Reads weights and everything that is said about them; nothing in the file is executed.</summary>
    /// <exception cref="MxdInputException">The files are damaged, contradict one another, or ask for a formula that no layer here has.</exception>
    ImportedLayer Read(string path, Device device);

    /// <summary>Why such a layer cannot be written, as a clause ("SAELens has no such units"); null where it can.</summary>
    string? WhyNotWritable(LayerOptions layer);

    /// <summary>Writes files that appear whole or not at all.</summary>
    /// <param name="path">A new folder.</param>
    /// <param name="layer">The weights.</param>
    /// <param name="saved">What is known of the layer; a layer that came from this format goes back as it came.</param>
    /// <exception cref="MxdInputException">The layer cannot be written in this format, or the path is taken.</exception>
    void Write(string path, ILayer layer, SavedLayer saved);

    /// <summary>The hook points of a layer's MLP at which layers of this format stand; an autoencoder's are both the MLP's output.</summary>
    (HookPoint Input, HookPoint Output) MlpHooks(int layer, bool isAutoencoder) =>
        (isAutoencoder ? HookPoint.MlpOutput(layer) : HookPoint.MlpInput(layer), HookPoint.MlpOutput(layer));

    /// <summary>What <see cref="Write"/> makes beside a path that is a file.</summary>
    IReadOnlyList<string> FilesBeside(string path) => [];

    /// <summary>What a reader of the written files must know and they do not say, as one line; null where there is nothing.</summary>
    string? Caution(SavedLayer saved) => null;
}
