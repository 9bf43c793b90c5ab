using Mxd.Layers;
using Mxd.Runtime;
using static TorchSharp.torch;

namespace Mxd.Interchange;

/// <summary>
/// The published implementation: a <c>.pt</c> file (<see cref="ReferenceCheckpoint"/>), or a folder with <c>layer.pt</c>. Written as a folder with
/// the checkpoint, the same layer in the project's own format and the Python file that runs that; or as the file, with these two beside it.
/// </summary>
internal sealed class ReferenceFormat : ILayerFormat
{
    private const string FileName = "layer" + ReferenceCheckpoint.Extension;

    public string Name => "reference";

    /// <summary>A folder that holds the layer in the project's own format too is taken for that.</summary>
    public bool Recognises(string path) => ReferenceCheckpoint.Recognises(FileOf(path)) && !File.Exists(Path.Combine(path, NativeLayer.FileName));

    public ImportedLayer Read(string path, Device device)
    {
        ReferenceCheckpoint read = ReferenceCheckpoint.Read(FileOf(path), device);
        var imported = new ImportedFrom(Name, path, read.Facts.Config!)
        {
            ModelName = read.Facts.ModelName,
            Input = read.Facts.Input,
            Output = read.Facts.Output,
            ContextLength = read.Facts.ContextLength,
        };
        return new ImportedLayer(read.Layer, new SavedLayer(read.Layer.Options, null, imported));
    }

    public string? WhyNotWritable(LayerOptions layer) => ReferenceCheckpoint.WhyNotWritable(layer);

    /// <param name="path">A new folder, or a new file where it ends with <c>.pt</c>.</param>
    public void Write(string path, ILayer layer, SavedLayer saved)
    {
        LayerFormats.RequireWritable(Name, layer.Options);
        var facts = new ReferenceFacts
        {
            ModelName = saved.ModelName,
            Input = saved.Input,
            Output = saved.Output,
            ContextLength = saved.ContextLength,
            TrainedTokens = saved.Origin?.TrainedTokens,
            Config = saved.Imported is { } imported && imported.Format == Name ? imported.Config : null,
        };
        if (path.EndsWith(ReferenceCheckpoint.Extension, StringComparison.Ordinal))
        {
            string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            AtomicFolder.RequireFree(path);
            AtomicFolder.RequireFree(NativeBeside(path));
            PythonRunner.RequireFree(folder);
            // The checkpoint last: whoever finds it finds the others.
            NativeLayer.Save(NativeBeside(path), layer, saved);
            try
            {
                PythonRunner.WriteInto(folder);
                ReferenceCheckpoint.Write(path, layer, facts);
            }
            catch
            {
                File.Delete(NativeBeside(path));
                throw;
            }
        }
        else
        {
            AtomicFolder.Write(path, folder =>
            {
                ReferenceCheckpoint.Write(Path.Combine(folder, FileName), layer, facts);
                NativeLayer.Save(Path.Combine(folder, NativeLayer.FileName), layer, saved);
                PythonRunner.WriteInto(folder);
            });
        }
    }

    public IReadOnlyList<string> FilesBeside(string path) =>
        [NativeBeside(path), Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, PythonRunner.FileName)];

    private static string NativeBeside(string path) => Path.ChangeExtension(path, ".safetensors");

    private static string FileOf(string path) => Directory.Exists(path) ? Path.Combine(path, FileName) : path;
}
