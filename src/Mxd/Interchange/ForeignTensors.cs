using Mxd.Formats;
using Mxd.Layers;
using Mxd.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Mxd.Interchange;

/// <summary>
/// The tensors that a configuration promises, against those of a file: everything is compared before any value is read, and an error gives
/// both facts.
/// </summary>
/// <param name="kind">What has these tensors, for errors: "an SAE of architecture 'topk'".</param>
/// <param name="tensors">All of them.</param>
internal sealed class ForeignTensors(string kind, IReadOnlyList<ForeignTensor> tensors)
{
    /// <summary>Types that float32 holds without loss.</summary>
    private static readonly string[] readable = ["F32", "F16", "BF16"];

    /// <summary>Reads a layer's weights, widened to float32.</summary>
    /// <exception cref="MxdInputException">Configuration and tensors contradict one another, or values are not finite.</exception>
    public ILayer Read(SafetensorsFile file, LayerOptions options, Device device)
    {
        Check(file);
        using DisposeScope scope = NewDisposeScope();
        return LayerTypes.Get(options.Type).FromStored(options, key => ReadOne(file, tensors.Single(t => t.Key == key)), device);
    }

    /// <summary>Element types of the file's tensors that are not float32; null where there are none.</summary>
    public static IReadOnlyDictionary<string, string>? Dtypes(SafetensorsFile file)
    {
        Dictionary<string, string> narrow = file.Tensors.Values.Where(t => t.Dtype != "F32").ToDictionary(t => t.Name, t => t.Dtype, StringComparer.Ordinal);
        return narrow.Count > 0 ? narrow : null;
    }

    /// <summary>Writes a layer's weights, in the element types of the file it came from where it came from one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="stored">A parameter in the orientation of the reference's files, by key.</param>
    /// <param name="imported">Of a layer that came from this format; otherwise null.</param>
    /// <exception cref="MxdInputException">The weights have changed since they came, and that file's types do not hold them.</exception>
    public void Write(string path, Func<string, Tensor> stored, ImportedFrom? imported)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        SafetensorsWriter.Write(path, tensors.Select(t => (t.Name, Narrow(t, stored(t.Key), imported))), imported?.Metadata);
    }

    private void Check(SafetensorsFile file)
    {
        foreach (ForeignTensor tensor in tensors)
        {
            if (!file.Tensors.TryGetValue(tensor.Name, out TensorEntry? entry))
                throw new MxdInputException($"{file.Location} has no tensor '{tensor.Name}', which {kind} has{NearestNames.Hint(tensor.Name, file.Names)}.");
            CheckShape(file, tensor, entry);
            if (!readable.Contains(entry.Dtype))
                throw new MxdInputException($"{file.Location}: {tensor.Name} is of type {entry.Dtype}; {string.Join(", ", readable)} are read, which float32 holds without loss.");
        }
        if (file.Names.FirstOrDefault(name => tensors.All(t => t.Name != name)) is { } surplus)
            throw new MxdInputException($"{file.Location} has a tensor {Shown.Name(surplus)}, which {kind} does not have: it would be lost, and the formula may be another.");
    }

    private static void CheckShape(SafetensorsFile file, ForeignTensor tensor, TensorEntry entry)
    {
        string shape = $"{tensor.Name} is [{string.Join(", ", entry.Shape)}]";
        if (entry.Shape.Count != tensor.Shape.Length)
            throw new MxdInputException($"{file.Location}: {shape}, but [{string.Join(", ", tensor.Shape.Select(e => e.Size))}] is expected.");
        for (int i = 0; i < tensor.Shape.Length; i++)
            if (entry.Shape[i] != tensor.Shape[i].Size)
                throw new MxdInputException($"{file.Location}: {ForeignFolder.ConfigName} says {tensor.Shape[i].Fact}, but {shape}: the two files are not of one layer.");
    }

    private static Tensor ReadOne(SafetensorsFile file, ForeignTensor tensor)
    {
        Tensor value = file.Read(tensor.Name, ScalarType.Float32);
        using Tensor bad = tensor.MayBeInfinite ? value.isnan() : value.isfinite().logical_not();
        long count = bad.sum().ToInt64();
        if (count > 0)
            throw new MxdInputException($"{file.Location}: {tensor.Name} has {count} values that are {(tensor.MayBeInfinite ? "NaN" : "NaN or infinite")}: no output of such a layer means anything.");
        return tensor.IsTransposed ? value.t() : value;
    }

    private static Tensor Narrow(ForeignTensor tensor, Tensor stored, ImportedFrom? imported)
    {
        Tensor value = tensor.IsTransposed ? stored.t() : stored;
        if (imported?.Dtypes?.GetValueOrDefault(tensor.Name) is not { } name) return value;
        Tensor narrow = value.to(SafetensorsDtype.Find(name)?.Torch ?? ScalarType.Float32);
        return narrow.to(ScalarType.Float32).equal(value).all().ToBoolean()
            ? narrow
            : throw new MxdInputException($"{tensor.Name} came as {name} and has values since that {name} does not hold: export the layer as native.");
    }
}
