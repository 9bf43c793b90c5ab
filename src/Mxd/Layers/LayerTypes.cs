using Mxd.Runtime;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>One kind of layer: what its options mean and how it is built.</summary>
/// <param name="Name">As options and files name it.</param>
/// <param name="Title">As people read it.</param>
/// <param name="DefaultActivation">What the published runs use for it.</param>
/// <param name="HasHidden">Does <see cref="LayerOptions.Hidden"/> apply?</param>
/// <param name="Specs">The parameters of given options, in order.</param>
/// <param name="Create">Builds the layer over parameters in the order of its specs; it owns them.</param>
public sealed record LayerType(
    string Name,
    string Title,
    string DefaultActivation,
    bool HasHidden,
    Func<LayerOptions, IReadOnlyList<ParameterSpec>> Specs,
    Func<LayerOptions, IReadOnlyList<Parameter>, ILayer> Create)
{
    /// <summary>A layer with freshly drawn weights.</summary>
    /// <exception cref="MxdInputException">The options break a rule.</exception>
    public ILayer Initialise(LayerOptions options, long seed, Device device) =>
        Build(options, spec => spec.Initialise(seed, device));

    /// <summary>A layer over tensors in the orientation of the reference's files, found by key; they are copied.</summary>
    /// <exception cref="MxdInputException">The options break a rule, or a tensor does not fit them.</exception>
    public ILayer FromStored(LayerOptions options, Func<string, Tensor> stored, Device device) =>
        Build(options, spec => spec.FromStored(stored(spec.Key), device));

    public long ParameterCount(LayerOptions options) => Specs(options).Sum(s => s.Count);

    private ILayer Build(LayerOptions options, Func<ParameterSpec, Parameter> make)
    {
        string[] problems = [.. options.Problems()];
        if (problems.Length > 0) throw new MxdInputException(string.Join(" ", problems));
        List<Parameter> parameters = [];
        try
        {
            foreach (ParameterSpec spec in Specs(options)) parameters.Add(make(spec));
        }
        catch
        {
            foreach (Parameter parameter in parameters) parameter.Dispose();
            throw;
        }
        return Create(options, parameters);
    }
}

/// <summary>Every kind of layer there is, by name.</summary>
public static class LayerTypes
{
    public static IReadOnlyList<LayerType> All { get; } = [MxdLayer.Kind, Transcoder.Kind];

    public static IReadOnlyList<string> Names => [.. All.Select(t => t.Name)];

    public static LayerType? Find(string name) => All.FirstOrDefault(t => t.Name == name);

    /// <exception cref="MxdInputException">The name is none of <see cref="Names"/>.</exception>
    public static LayerType Get(string name) =>
        Find(name) ?? throw new MxdInputException($"Layer type '{name}' is not known; choose one of {string.Join(", ", Names)}.");
}
