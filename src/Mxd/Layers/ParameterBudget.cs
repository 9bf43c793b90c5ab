using Mxd.Runtime;

namespace Mxd.Layers;

/// <summary>
/// Sizes at which layers of different types have the same number of parameters: that of a transcoder with
/// I · multiplier latents, 2 · I · latents + latents + O where I = O.
/// </summary>
public static class ParameterBudget
{
    /// <summary>Default hidden width of a mixture: four times its input's.</summary>
    public static long DefaultHidden(long inputWidth) => 4 * inputWidth;

    /// <summary>
    /// The number of units with which <paramref name="options"/> (whose own number is ignored) comes nearest to the budget without
    /// exceeding it; below 1 where everything but the units is already larger.
    /// </summary>
    /// <exception cref="MxdInputException">The sizes are more than can be counted.</exception>
    public static long MatchedUnits(LayerOptions options, long multiplier)
    {
        try
        {
            long latents = checked(options.InputWidth * multiplier);
            long budget = Transcoder.Kind.ParameterCount(options with { Type = Transcoder.Kind.Name, Hidden = null, Units = latents });
            LayerType type = LayerTypes.Get(options.Type);
            long one = type.ParameterCount(options with { Units = 1 });
            long each = type.ParameterCount(options with { Units = 2 }) - one;
            return (budget - (one - each)) / each;
        }
        catch (OverflowException)
        {
            throw new MxdInputException(
                $"A multiplier of {multiplier} at width {options.InputWidth} (hidden width {options.Hidden ?? 0}) gives more parameters than can be counted: lower it.");
        }
    }
}
