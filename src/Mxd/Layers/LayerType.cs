using Mxd.Runtime;
using static TorchSharp.torch;

namespace Mxd.Layers;

/// <summary>One kind of layer: what its options mean and how it is built.</summary>
public sealed record LayerType
{
    /// <summary>As options and files name it.</summary>
    public required string Name { get; init; }

    /// <summary>As people read it.</summary>
    public required string Title { get; init; }

    /// <summary>The parameters of given options, in order.</summary>
    public required Func<LayerOptions, IReadOnlyList<ParameterSpec>> Specs { get; init; }

    /// <summary>Builds the layer over parameters in the order of its specs; it owns them.</summary>
    public required Func<LayerOptions, IReadOnlyList<Parameter>, ILayer> Create { get; init; }

    /// <summary>What the published runs use for it; null where it has no activation.</summary>
    public string? DefaultActivation { get; init; }

    /// <summary>Does <see cref="LayerOptions.Hidden"/> apply?</summary>
    public bool HasHidden { get; init; }

    /// <summary>Do <see cref="LayerOptions.Units"/> and <see cref="LayerOptions.Sparsity"/> apply?</summary>
    public bool HasUnits { get; init; } = true;

    /// <summary>
    /// Do the layer's own <see cref="ILayer.Losses"/> hold what every <see cref="Sparsity"/> and <see cref="AuxiliaryLoss"/> adds? Where not, it
    /// takes only what adds nothing: TopK and groups.
    /// </summary>
    public bool HasPenalties { get; init; }

    /// <summary>Is it solved for from sums in float64 (<see cref="IFittedLayer"/>)?</summary>
    public bool IsFitted { get; init; }

    /// <summary>Are the units' own activations multiplied by a second branch?</summary>
    public bool GatesUnits { get; init; }

    /// <summary>Is the target the input?</summary>
    public bool IsAutoencoder { get; init; }

    /// <summary>Are decoder vectors kept at unit norm where nothing else is said?</summary>
    public bool UnitNormByDefault { get; init; } = true;

    /// <summary>A layer with freshly drawn weights.</summary>
    /// <exception cref="MxdInputException">The options break a rule.</exception>
    public ILayer Initialise(LayerOptions options, long seed, Device device) =>
        Build(options, spec => spec.Initialise(seed, device));

    /// <summary>A layer over tensors in the orientation of the reference's files, found by key; they are copied.</summary>
    /// <exception cref="MxdInputException">The options break a rule, or a tensor does not fit them.</exception>
    public ILayer FromStored(LayerOptions options, Func<string, Tensor> stored, Device device) =>
        Build(options, spec => spec.FromStored(stored(spec.Key), device));

    /// <summary>Number of trained values.</summary>
    public long ParameterCount(LayerOptions options) => Specs(options).Where(s => s.IsTrained).Sum(s => s.Count);

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
