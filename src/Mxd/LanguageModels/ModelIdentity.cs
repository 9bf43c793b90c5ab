namespace Mxd.LanguageModels;

/// <summary>
/// What a language model is, as far as a layer trained on it must know: another architecture, width or tokenizer cannot take that layer;
/// other weights of the same model (another quantisation) can, if the user says so.
/// </summary>
/// <param name="Id">What the user named: a path or hub id.</param>
/// <param name="Architecture">The family, for example <c>llama</c>.</param>
/// <param name="Layers">Number of blocks.</param>
/// <param name="Width">Values a token in the residual stream.</param>
/// <param name="MlpWidth">Hidden width of the MLP.</param>
/// <param name="Vocabulary">Number of token ids.</param>
/// <param name="ContextLength">Positions the model was trained for.</param>
/// <param name="TokenizerHash">SHA-256 of the tokenizer's data.</param>
/// <param name="WeightsHash">SHA-256 of the weight files.</param>
public sealed record ModelIdentity(
    string Id,
    string Architecture,
    int Layers,
    int Width,
    int MlpWidth,
    int Vocabulary,
    int ContextLength,
    string TokenizerHash,
    string WeightsHash)
{
    private readonly LateText weightsHash = new(() => WeightsHash);

    /// <summary>Of a model that lies here, whose weight files are only read, all of them, when their hash is asked for.</summary>
    internal ModelIdentity(string id, string architecture, TransformerConfig config, string tokenizerHash, Func<string> weightsHash)
        : this(id, architecture, config.Layers, config.Width, config.MlpWidth, config.Vocabulary, config.ContextLength, tokenizerHash, "") =>
        this.weightsHash = new LateText(weightsHash);

    /// <summary>SHA-256 of the weight files.</summary>
    public string WeightsHash
    {
        get => weightsHash.Value;
        init => weightsHash = new LateText(() => value);
    }
}
