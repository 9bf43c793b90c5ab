using Mxd.LanguageModels;
using Mxd.Runtime;

namespace Mxd.Interchange;

/// <summary>Where a layer that was trained here belongs: what it was trained on and may be put into.</summary>
/// <param name="Model">The language model.</param>
/// <param name="Input">Hook point the layer reads.</param>
/// <param name="Output">Hook point it replaces.</param>
/// <param name="ContextLength">Tokens a context during training.</param>
/// <param name="ModelDtype">Precision the language model ran in during training.</param>
/// <param name="TrainedTokens">Tokens trained on so far.</param>
public sealed record LayerOrigin(ModelIdentity Model, string Input, string Output, int ContextLength, string ModelDtype, long TrainedTokens)
{
    /// <summary>Refuses a language model the layer was not trained on.</summary>
    /// <returns>A line to show where only the weights differ and that is allowed; otherwise null.</returns>
    /// <exception cref="MxdInputException">Another architecture, size or tokenizer, or other weights without leave.</exception>
    public string? Check(ModelIdentity other, bool allowOtherWeights) => Check(Model, other, allowOtherWeights);

    internal static string? Check(ModelIdentity own, ModelIdentity other, bool allowOtherWeights)
    {
        (string What, string Trained, string Given)[] facts =
        [
            ("architecture", own.Architecture, other.Architecture), ("number of layers", $"{own.Layers}", $"{other.Layers}"),
            ("width", $"{own.Width}", $"{other.Width}"), ("MLP width", $"{own.MlpWidth}", $"{other.MlpWidth}"),
            ("vocabulary", $"{own.Vocabulary}", $"{other.Vocabulary}"), ("tokenizer", own.TokenizerHash, other.TokenizerHash),
        ];
        foreach ((string what, string trained, string given) in facts)
            if (trained != given)
                throw new MxdInputException($"The layer was trained on {own.Id}, whose {what} is {Short(trained)}; that of {other.Id} is {Short(given)}: name the model it was trained on.");
        if (own.WeightsHash == other.WeightsHash) return null;
        string weights = $"weights {Short(other.WeightsHash)} of {other.Id} are not the {Short(own.WeightsHash)} the layer was trained on";
        return allowOtherWeights
            ? $"Note: {weights}."
            : throw new MxdInputException($"The {weights}: pass --allow-other-weights if that is meant (another quantisation of the same model).");
    }

    private static string Short(string hash) => hash[..Math.Min(12, hash.Length)];
}
