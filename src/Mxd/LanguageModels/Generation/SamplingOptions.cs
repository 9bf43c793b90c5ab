namespace Mxd.LanguageModels.Generation;

/// <summary>How the next token is drawn. The steps follow one another in the order they are listed.</summary>
public sealed record SamplingOptions
{
    private const double LargestPenalty = 1000;

    /// <summary>Taken off a token's logit for each time it is in the sequence so far, the prompt included.</summary>
    public double FrequencyPenalty { get; init; }

    /// <summary>Taken off the logits of tokens that are in the sequence so far, the prompt included.</summary>
    public double PresencePenalty { get; init; }

    /// <summary>What logits, less their penalties, are divided by; 0 takes the most likely token always.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Keeps the K most likely tokens; null keeps all.</summary>
    public int? TopK { get; init; }

    /// <summary>Keeps the fewest most likely tokens whose probabilities reach this together, at least one; 1 keeps all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Sample i of a seed draws the same random numbers whatever other samples are drawn beside it.</summary>
    public long Seed { get; init; }

    /// <summary>Every rule the options break, as the command line names them.</summary>
    public IEnumerable<string> Problems()
    {
        if (!(Temperature >= 0 && double.IsFinite(Temperature))) yield return $"--temperature is {Temperature}; it must be 0 (most likely token) or above.";
        if (TopK < 1) yield return $"--top-k is {TopK}; it must be at least 1.";
        if (!(TopP > 0 && TopP <= 1)) yield return $"--top-p is {TopP}; it is a share, above 0 and at most 1.";
        if (!(Math.Abs(FrequencyPenalty) <= LargestPenalty)) yield return $"--frequency-penalty is {FrequencyPenalty}; it must be from -{LargestPenalty} to {LargestPenalty}.";
        if (!(Math.Abs(PresencePenalty) <= LargestPenalty)) yield return $"--presence-penalty is {PresencePenalty}; it must be from -{LargestPenalty} to {LargestPenalty}.";
    }
}
