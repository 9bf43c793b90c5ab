using System.Reflection;
using Mxd.Layers;
using Mxd.Runtime;

namespace Mxd.Interchange;

/// <summary>
/// A Python file that runs any layer saved here (<see cref="NativeLayer"/>) and needs torch alone: the equations to read, and a way out of this
/// project. Its text is a resource of the library.
/// </summary>
public static class PythonRunner
{
    public const string FileName = "mxd_layer.py";

    /// <summary>The types whose equations it has.</summary>
    private static readonly string[] types = [.. ReferenceCheckpoint.Types, "dense", "linear"];

    /// <summary>The file's text.</summary>
    public static string Source { get; } = Read();

    /// <summary>Does it run such a layer? Types registered by other code it does not know.</summary>
    public static bool Runs(LayerOptions layer) => types.Contains(layer.Type);

    /// <summary>Writes it into the folder of a <c>layer.safetensors</c>, where it finds the layer by itself.</summary>
    public static void WriteInto(string folder) => AtomicFile.WriteAllText(Path.Combine(folder, FileName), Source);

    /// <summary>Refuses a folder in which another file has its name.</summary>
    /// <exception cref="MxdInputException">There is one.</exception>
    public static void RequireFree(string folder)
    {
        string file = Path.Combine(folder, FileName);
        if (Path.Exists(file) && (!File.Exists(file) || File.ReadAllText(file) != Source))
            throw new MxdInputException($"{file} exists and is not the file that is written beside a checkpoint: remove it, or name another folder.");
    }

    private static string Read()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(FileName) ?? throw new InvalidOperationException($"The library lacks its resource {FileName}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
