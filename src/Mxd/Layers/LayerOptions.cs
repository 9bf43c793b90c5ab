namespace Mxd.Layers;

/// <summary>Everything that fixes a layer's shape and formula: the header of a saved layer, and the layer part of a run's options.</summary>
public sealed record LayerOptions
{
    /// <summary>A name of <see cref="LayerTypes"/>.</summary>
    public required string Type { get; init; }

    /// <summary>I: values a token at the input.</summary>
    public required long InputWidth { get; init; }

    /// <summary>O: values a token at the output.</summary>
    public required long OutputWidth { get; init; }

    /// <summary>Experts of a mixture (N), latents of a transcoder.</summary>
    public required long Units { get; init; }

    /// <summary>H: hidden width of a mixture's experts; absent for types without a hidden layer.</summary>
    public long? Hidden { get; init; }

    /// <summary>Units active on a token, at most.</summary>
    public required int K { get; init; }

    /// <summary>A name of <see cref="ActivationFunction.Names"/>.</summary>
    public required string Activation { get; init; }

    /// <summary>Are the units' decoder vectors kept at unit norm during training?</summary>
    public bool UnitNorm { get; init; } = true;

    /// <summary>Every rule these options break, one line each; none when they can be built.</summary>
    public IEnumerable<string> Problems()
    {
        LayerType? type = LayerTypes.Find(Type);
        if (type is null)
            yield return $"Layer type '{Type}' is not known; choose one of {string.Join(", ", LayerTypes.Names)}.";
        foreach ((string name, long width) in new[] { ("input width", InputWidth), ("output width", OutputWidth), ("number of units", Units) })
            if (width < 1) yield return $"The {name} is {width}; it must be at least 1.";
        if (type is { HasHidden: true } && Hidden is not >= 1)
            yield return $"The hidden width is {Hidden?.ToString() ?? "absent"}; '{Type}' needs at least 1.";
        if (type is { HasHidden: false } && Hidden is not null)
            yield return $"The hidden width is {Hidden}, but '{Type}' has no hidden layer: leave it out.";
        if (K < 1)
            yield return $"K is {K}; at least 1 unit must be active: give a K from 1 to {Units}.";
        else if (K > Units)
            yield return $"K is {K}, more than the {Units} units there are: give a K from 1 to {Units}.";
        if (!ActivationFunction.Names.Contains(Activation))
            yield return $"Activation '{Activation}' is not known; choose one of {string.Join(", ", ActivationFunction.Names)}.";
    }
}
