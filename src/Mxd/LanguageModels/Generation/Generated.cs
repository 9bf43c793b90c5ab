namespace Mxd.LanguageModels.Generation;

/// <summary>Why a sample ended.</summary>
public enum EndReason
{
    /// <summary>It has as many tokens as were asked for.</summary>
    Length,

    /// <summary>The model ended the text.</summary>
    EndToken,

    /// <summary>One of the texts to stop at came.</summary>
    Stop,

    /// <summary>The model was trained for no more positions.</summary>
    Context,

    /// <summary>The caller ended it.</summary>
    Interrupted,
}

/// <summary>A sample.</summary>
/// <param name="Text">What follows the prompt.</param>
/// <param name="Ids">Prompt and continuation.</param>
/// <param name="End">Why it is over.</param>
public sealed record GeneratedText(string Text, IReadOnlyList<int> Ids, EndReason End);

/// <summary>All samples, and how long they took.</summary>
/// <param name="Samples">In order.</param>
/// <param name="Tokens">Tokens generated, of all samples.</param>
/// <param name="PromptSeconds">Time for the prompt, up to the first tokens.</param>
/// <param name="TokenSeconds">Time for the tokens after the first.</param>
public sealed record Generated(IReadOnlyList<GeneratedText> Samples, int Tokens, double PromptSeconds, double TokenSeconds)
{
    /// <summary>Tokens a second after the first ones; not a number where there are none.</summary>
    public double TokensPerSecond => Tokens > Samples.Count ? (Tokens - Samples.Count) / TokenSeconds : double.NaN;
}
