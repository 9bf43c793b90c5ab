namespace Mxd.Evaluation.Probing;

/// <summary>A step of Newton's method for a probe of one unit, and when such a step is the last.</summary>
/// <param name="W">Of the coefficient.</param>
/// <param name="B">Of the intercept.</param>
/// <param name="Decrement">gᵀH⁻¹g: twice what the step takes off a loss that is quadratic.</param>
internal readonly record struct NewtonStep(double W, double B, double Decrement)
{
    /// <summary>Share by which rounding may raise a loss.</summary>
    public const double Rounding = 1e-12;

    /// <summary>Part of a step below which none is tried.</summary>
    public const double Shortest = 1e-10;

    /// <summary>
    /// Is there nothing to be gained but rounding? A value that is the same on all texts has its solution at zero, and the sign of what rounding makes of that is no prediction.
    /// </summary>
    public static bool IsNone(double decrement, double loss) => !(decrement > 1e-24 * (1 + loss));

    /// <summary>Steps converge quadratically: after one that gains so little, what is left is rounding.</summary>
    public static bool IsLast(double decrement, double loss) => decrement <= 1e-18 * (1 + loss);
}
