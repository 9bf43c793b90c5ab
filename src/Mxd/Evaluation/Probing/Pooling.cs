namespace Mxd.Evaluation.Probing;

/// <summary>What becomes of a unit's activations on the tokens of a text, the first token left out.</summary>
public enum Pooling
{
    /// <summary>Their mean, tokens on which the unit is not active counting as zero.</summary>
    Mean,

    /// <summary>The largest, at least zero unless the unit is chosen on every token.</summary>
    Max,

    /// <summary>That on the last token.</summary>
    Last,
}
