using System.Text.Json.Serialization;

namespace Mxd.Layers;

/// <summary>How the weights of dictionaries are first drawn.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LayerInitialisation>))]
public enum LayerInitialisation
{
    /// <summary>As the published implementation does.</summary>
    [JsonStringEnumMemberName("reference")]
    Reference,

    /// <summary>Encoder and decoder from Kaiming's uniform distribution.</summary>
    [JsonStringEnumMemberName("kaiming")]
    Kaiming,

    /// <summary>The decoder begins as a copy of the encoder, transposed; both are trained.</summary>
    [JsonStringEnumMemberName("transpose")]
    Transpose,
}

/// <summary>Everything that fixes a layer's shape, formula and loss: the header of a saved layer, and the layer part of a run's options.</summary>
public sealed record LayerOptions
{
    /// <summary>A name of <see cref="LayerTypes"/>.</summary>
    public required string Type { get; init; }

    /// <summary>I: values a token at the input.</summary>
    public required long InputWidth { get; init; }

    /// <summary>O: values a token at the output.</summary>
    public required long OutputWidth { get; init; }

    /// <summary>Experts of a mixture (N), latents of a dictionary; 0 for types without.</summary>
    public long Units { get; init; }

    /// <summary>H: hidden width of a mixture's experts; absent for types without a hidden layer.</summary>
    public long? Hidden { get; init; }

    /// <summary>How few units are active; absent for types without.</summary>
    public Sparsity? Sparsity { get; init; }

    /// <summary>A name of <see cref="ActivationFunction.Names"/>; absent for types without.</summary>
    public string? Activation { get; init; }

    /// <summary>Are the units' decoder vectors kept at unit norm during training?</summary>
    public bool UnitNorm { get; init; } = true;

    /// <summary>How the weights are first drawn.</summary>
    public LayerInitialisation Initialisation { get; init; }

    /// <summary>What is done about units that are never active; absent: nothing.</summary>
    public AuxiliaryLoss? AuxK { get; init; }

    /// <summary>Does an autoencoder take its bias from the input before encoding? Some files say no.</summary>
    public bool SubtractsInputBias { get; init; } = true;

    /// <summary>Some files multiply pre-activations by the norms of the decoder vectors, and divide coefficients by them before decoding.</summary>
    public bool RescaleByDecoderNorm { get; init; }

    /// <summary>What some files do to a token before encoding, and autoencoders undo after decoding.</summary>
    public InputNormalisation Normalisation { get; init; }

    /// <summary>Every rule these options break, one line each; none when they can be built.</summary>
    public IEnumerable<string> Problems()
    {
        LayerType? type = LayerTypes.Find(Type);
        if (type is null)
            yield return $"Layer type '{Type}' is not known; choose one of {string.Join(", ", LayerTypes.Names)}.";
        foreach ((string name, long width) in new[] { ("input width", InputWidth), ("output width", OutputWidth) })
            if (width < 1) yield return $"The {name} is {width}; it must be at least 1.";
        foreach (string problem in UnitProblems(type).Concat(HiddenProblems(type))) yield return problem;
        if (type is { DefaultActivation: null } && Activation is not null)
            yield return $"The activation is '{Activation}', but '{Type}' has none: leave it out.";
        if (type is not { DefaultActivation: null } && !ActivationFunction.Names.Contains(Activation))
            yield return $"Activation '{Activation}' is not known; choose one of {string.Join(", ", ActivationFunction.Names)}.";
        if (type is { IsAutoencoder: true } && InputWidth != OutputWidth)
            yield return $"The input width is {InputWidth} and the output width {OutputWidth}, but '{Type}' returns its input: they must be the same.";
        foreach (string problem in FormulaProblems(type)) yield return problem;
    }

    private IEnumerable<string> UnitProblems(LayerType? type)
    {
        if (type is { HasUnits: false })
        {
            if (Units != 0 || Sparsity is not null || AuxK is not null) yield return $"'{Type}' has no units: leave out their number, K and all that concerns them.";
            yield break;
        }
        if (Units < 1) yield return $"The number of units is {Units}; it must be at least 1.";
        if (Sparsity is null) yield return $"'{Type}' needs a sparsity, for example K = 32.";
        foreach (string problem in Sparsity?.Problems(Units) ?? []) yield return problem;
        foreach (string problem in AuxK?.Problems() ?? []) yield return problem;
    }

    private IEnumerable<string> HiddenProblems(LayerType? type)
    {
        if (type is { HasHidden: true } && Hidden is not >= 1)
            yield return $"The hidden width is {Hidden?.ToString() ?? "absent"}; '{Type}' needs at least 1.";
        if (type is { HasHidden: false } && Hidden is not null)
            yield return $"The hidden width is {Hidden}, but '{Type}' has no hidden layer: leave it out.";
    }

    private IEnumerable<string> FormulaProblems(LayerType? type)
    {
        bool isDictionary = type is { HasUnits: true, HasHidden: false };
        if (type is { HasUnits: true, HasPenalties: false } && (AuxK is not null || Sparsity is not (null or Sparsity.TopK or Sparsity.GroupMax)))
            yield return $"'{Type}' takes TopK alone and no AuxK: its own loss has no more.";
        if (AuxK is not null && (RescaleByDecoderNorm || Normalisation != InputNormalisation.None))
            yield return "AuxK cannot be had together with a normalised input or rescaling by decoder norms: leave one out.";
        if (Sparsity is Sparsity.JumpRelu && isDictionary && (Activation is not (null or "relu") || type!.GatesUnits))
            yield return $"The jumprelu sparsity needs units of relu alone, which those of '{Type}' with activation '{Activation}' are not.";
        if (type is not null && !isDictionary && (RescaleByDecoderNorm || Normalisation != InputNormalisation.None))
            yield return $"'{Type}' neither normalises its input nor rescales by decoder norms: only dictionaries do.";
        if (RescaleByDecoderNorm && Activation is not (null or "relu"))
            yield return $"The activation is '{Activation}', but rescaling by decoder norms needs relu.";
        if (Initialisation == LayerInitialisation.Transpose && InputWidth != OutputWidth)
            yield return $"The transposed encoder cannot be the first decoder where the input width is {InputWidth} and the output width {OutputWidth}: choose another initialisation.";
        if (Initialisation != LayerInitialisation.Reference && type is not null && !isDictionary)
            yield return $"Initialisation '{(Initialisation == LayerInitialisation.Kaiming ? "kaiming" : "transpose")}' is for transcoders and SAEs; '{Type}' has that of the reference only.";
        if (Type == Dictionaries.Sae.Name || SubtractsInputBias) yield break;
        yield return $"'{Type}' has no input bias to leave out: only 'sae' has.";
    }
}
