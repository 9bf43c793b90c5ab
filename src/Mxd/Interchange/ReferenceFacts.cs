namespace Mxd.Interchange;

/// <summary>What a checkpoint of the published implementation says of a layer beside its weights; what is not known is null.</summary>
public sealed record ReferenceFacts
{
    /// <summary>The language model, as the file calls it (<c>gpt2-small</c>); no more than a name.</summary>
    public string? ModelName { get; init; }

    /// <summary>Hook point the layer reads.</summary>
    public string? Input { get; init; }

    /// <summary>Hook point it replaces.</summary>
    public string? Output { get; init; }

    /// <summary>Tokens a context during training.</summary>
    public int? ContextLength { get; init; }

    /// <summary>Tokens it was trained on; the published files have the number that was planned, which is not taken for it.</summary>
    public long? TrainedTokens { get; init; }

    /// <summary>
    /// The whole configuration, with a bias that the layer does not use, as JSON; so that the layer goes back as it came. Null where it came
    /// from elsewhere.
    /// </summary>
    public string? Config { get; init; }
}
