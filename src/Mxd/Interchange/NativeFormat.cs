using Mxd.Layers;
using Mxd.Runtime;
using static TorchSharp.torch;

namespace Mxd.Interchange;

/// <summary>
/// The project's own: a folder with <c>layer.safetensors</c> (<see cref="NativeLayer"/>), which is also what a run's folder is, or that
/// file by itself. Every layer can be written.
/// </summary>
internal sealed class NativeFormat : ILayerFormat
{
    private const string Extension = ".safetensors";

    public string Name => "native";

    public bool Recognises(string path)
    {
        try
        {
            string file = FileOf(path);
            if (!File.Exists(file)) return false;
            NativeLayer.ReadHeader(file);
            return true;
        }
        catch (MxdInputException)
        {
            // A damaged file of the right name is still meant to be one: reading it says what is wrong.
            return Path.GetFileName(FileOf(path)) == NativeLayer.FileName;
        }
    }

    public ImportedLayer Read(string path, Device device)
    {
        (SavedLayer saved, ILayer layer) = NativeLayer.Load(FileOf(path), device);
        return new ImportedLayer(layer, saved);
    }

    public string? WhyNotWritable(LayerOptions layer) => null;

    /// <param name="path">A new folder, or a new file where it ends with <c>.safetensors</c>.</param>
    public void Write(string path, ILayer layer, SavedLayer saved)
    {
        if (path.EndsWith(Extension, StringComparison.Ordinal))
        {
            AtomicFolder.RequireFree(path);
            NativeLayer.Save(path, layer, saved);
        }
        else
        {
            AtomicFolder.Write(path, folder =>
            {
                NativeLayer.Save(Path.Combine(folder, NativeLayer.FileName), layer, saved);
                if (PythonRunner.Runs(layer.Options)) PythonRunner.WriteInto(folder);
            });
        }
    }

    private static string FileOf(string path) => Directory.Exists(path) ? Path.Combine(path, NativeLayer.FileName) : path;
}
