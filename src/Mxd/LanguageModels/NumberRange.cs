namespace Mxd.LanguageModels;

/// <summary>What a number of a configuration may be, so that what is computed from it in float32 stays a number.</summary>
/// <param name="Least">Itself allowed.</param>
/// <param name="Most">Itself allowed.</param>
internal readonly record struct NumberRange(double Least, double Most)
{
    /// <summary>What a norm adds to a variance.</summary>
    public static NumberRange Epsilon { get; } = new(1e-30, 1);

    public static NumberRange RotaryBase { get; } = new(1e-6, 1e38);

    /// <summary>The part of a head that turns.</summary>
    public static NumberRange Share { get; } = new(0, 1);

    /// <summary>What rotary frequencies are divided by.</summary>
    public static NumberRange Factor { get; } = new(1e-3, 1e6);

    /// <summary>Turns over a context, at which a scaling begins or ends.</summary>
    public static NumberRange Turns { get; } = new(0, 1e38);

    /// <summary>Positions of a context.</summary>
    public static NumberRange Positions { get; } = new(1, int.MaxValue);

    public bool Contains(double value) => value >= Least && value <= Most;

    public override string ToString() => FormattableString.Invariant($"a number from {Least} to {Most}");
}
