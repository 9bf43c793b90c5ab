using Mxd.Runtime;

namespace Mxd.Layers;

/// <summary>
/// Sizes at which layers of different types have the same number of parameters: that of a transcoder with
/// I · multiplier latents, 2 · I · latents + latents + O where I = O.
/// </summary>
public static class ParameterBudget
{
    /// <summary>The multiplier where none is given.</summary>
    public const long DefaultMultiplier = 32;

    /// <summary>Default hidden width of a mixture: four times its input's.</summary>
    public static long DefaultHidden(long inputWidth) => 4 * inputWidth;

    /// <summary>
    /// The options with the number of units (or, for a type without, the hidden width) that comes nearest to the budget without exceeding
    /// it; that number is below 1 where everything else is already larger. A type with neither is left as it is.
    /// </summary>
    /// <exception cref="MxdInputException">The sizes are more than can be counted.</exception>
    public static LayerOptions Match(LayerOptions options, long multiplier)
    {
        LayerType type = LayerTypes.Get(options.Type);
        if (type.HasUnits) return options with { Units = Largest(options, multiplier, (o, units) => o with { Units = units }) };
        return type.HasHidden ? options with { Hidden = Largest(options, multiplier, (o, hidden) => o with { Hidden = hidden }) } : options;
    }

    /// <summary>The number of trained values of a transcoder with I · multiplier latents.</summary>
    public static long Of(long inputWidth, long outputWidth, long multiplier) => Dictionaries.Transcoder.ParameterCount(new LayerOptions
    {
        Type = Dictionaries.Transcoder.Name,
        InputWidth = inputWidth,
        OutputWidth = outputWidth,
        Units = checked(inputWidth * multiplier),
        Sparsity = new Sparsity.TopK(1),
    });

    /// <summary>Every type's count is a + b n in the number n that is sought.</summary>
    private static long Largest(LayerOptions options, long multiplier, Func<LayerOptions, long, LayerOptions> with)
    {
        try
        {
            long budget = Of(options.InputWidth, options.OutputWidth, multiplier);
            LayerType type = LayerTypes.Get(options.Type);
            long one = type.ParameterCount(with(options, 1));
            long each = type.ParameterCount(with(options, 2)) - one;
            return (budget - (one - each)) / each;
        }
        catch (OverflowException)
        {
            throw new MxdInputException(
                $"A multiplier of {multiplier} at width {options.InputWidth} (hidden width {options.Hidden ?? 0}) gives more parameters than can be counted: lower it.");
        }
    }
}
